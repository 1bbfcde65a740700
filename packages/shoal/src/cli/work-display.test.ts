import { ShoalError } from "@shoal/core";
import { expect, test } from "vitest";
import { quietWorkDisplay } from "./work-display.ts";

const unreachable = (why: string) => ({ kind: "disconnected", retryMs: 1000, error: new ShoalError("unreachable", `It can't be reached: ${why}.`, { hint: "Look." }) }) as const;
const lost = { kind: "disconnected", retryMs: 1000, error: new ShoalError("connection-lost", "It broke.", { hint: "Connect again." }) } as const;
const connected = { kind: "connected", coordinator: "desk" } as const;

function saying(...events: readonly Parameters<ReturnType<typeof quietWorkDisplay>["take"]>[0][]): string {
  let text = "";
  const display = quietWorkDisplay({ write: (more: string | Uint8Array) => (text += String(more)) !== "" });
  for (const event of events) display.take(event);
  display.stop(false);
  return text;
}

test("quietly, it is said once that it can't connect, and of a connection that broke only where it can't be made anew", () => {
  expect(saying({ kind: "connecting" }, unreachable("refused"), unreachable("timed out"), connected, lost, unreachable("refused"))).toBe("It can't be reached: refused. Look. Trying again, as long as it takes.\n");
  expect(saying(connected, { kind: "notice", message: "Well." }, lost, connected)).toBe("");
  expect(saying(connected, lost, unreachable("refused"))).toBe("It can't be reached: refused. Look. Trying again, as long as it takes.\n");
  expect(saying(lost, lost)).toBe("It broke. Trying again, as long as it takes.\n");
});
