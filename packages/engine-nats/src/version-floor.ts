import { ShoalError } from "@shoal/core";

/** The first server whose three replicas sync in groups, so that `sync_interval: always` is fast enough to be used: older ones commit a fifth. */
export const versionFloor = "2.15.1";

/** @throws `engine-too-old` */
export function checkVersion(version: string, unsafe: boolean): void {
  if (unsafe || isAtLeast(version, versionFloor)) return;
  throw new ShoalError("engine-too-old", `The NATS server is ${version}; Shoal wants ${versionFloor} or later.`, {
    hint: `Install nats-server ${versionFloor}. Older ones drop settings without a word, commit at a fifth of the speed with every write synced, and some lost streams. At your own risk: unsafe.`,
    details: { version, floor: versionFloor },
  });
}

/** A record, a note or a task is 4 KB at most, and some names and headers. */
const leastPayloadBytes = 16_384;

/** @param bytes what a server says that it takes in one message. @throws `engine-config` */
export function checkPayload(bytes: number | undefined): void {
  if (bytes === undefined || bytes >= leastPayloadBytes) return;
  throw new ShoalError("engine-config", `The NATS server takes messages of at most ${bytes.toLocaleString("en-US")} bytes; Shoal wants ${leastPayloadBytes.toLocaleString("en-US")} or more.`, {
    hint: "Raise max_payload in its configuration, or leave it out: it is 1 MB then.",
    details: { field: "max_payload", asked: leastPayloadBytes, got: bytes },
  });
}

/** A release before it, as 2.15.1-beta, is older. */
export function isAtLeast(version: string, floor: string): boolean {
  const [numbers = "", before] = version.replace(/^v/, "").split("-", 2);
  const [mine, wanted] = [numbers, floor].map((text) => text.split(".").map(Number));
  for (let at = 0; at < 3; at++) {
    const difference = (mine?.[at] ?? 0) - (wanted?.[at] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return before === undefined;
}
