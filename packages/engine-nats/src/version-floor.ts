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
