import { ShoalError } from "@shoal/core";
import type { Side } from "./channel-side.ts";
import { protocolVersion } from "./messages.ts";

/** `theirs`: the version that the other side speaks. `side`: who stands at this end. */
export function protocolMismatch(theirs: number, side: Side): ShoalError {
  const [here, there] = side === "gateway" ? ["coordinator", "side that connects to it"] : [side, "coordinator"];
  const older = theirs < protocolVersion ? there : here;
  return new ShoalError("protocol-mismatch", `The ${here} speaks version ${protocolVersion} of the protocol, and the ${there} version ${theirs}.`, {
    hint: `Update Shoal at the ${older}, which is the older one.`, details: { here: protocolVersion, there: theirs },
  });
}
