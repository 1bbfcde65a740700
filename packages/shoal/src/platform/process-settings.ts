import type { RunSettings } from "@shoal/dataset";

const symbol = Symbol.for("shoal.settings");
const began = Symbol.for("shoal.run-began");
const realm = globalThis as { [symbol]?: RunSettings; [began]?: () => () => void };

/** What the `shoal` command was told. Kept in the realm: the job may import another copy of this package than the command's own. */
export function processSettings(): RunSettings {
  return realm[symbol] ?? {};
}

/** @param onAsked called whenever something is about to be consumed: also by what fails before it runs. */
export function setProcessSettings(settings: RunSettings, onAsked: () => void = () => {}): void {
  Object.defineProperty(realm, symbol, { configurable: true, get: () => (onAsked(), settings) });
}

/** Tells the command, where one runs the job. @returns what to call when the run is over */
export function runBegan(): () => void {
  return realm[began]?.() ?? (() => {});
}

/** @param onBegan called when a run begins; what it gives, when that run is over */
export function listenForRuns(onBegan: () => () => void): void {
  realm[began] = onBegan;
}
