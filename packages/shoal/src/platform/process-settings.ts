import type { RunSettings } from "@shoal/dataset";

const symbol = Symbol.for("shoal.settings");
const began = Symbol.for("shoal.run-began");
const realm = globalThis as { [symbol]?: RunSettings; [began]?: () => RunListener };

/** Told how one run goes. */
export interface RunListener {
  /** Whether somebody waits for its rows. Called for what a program takes by hand. */
  readonly pulled: (isPulled: boolean) => void;
  readonly isOver: () => void;
}

/** What the `shoal` command was told. Kept in the realm: the job may import another copy of this package than the command's own. */
export function processSettings(): RunSettings {
  return realm[symbol] ?? {};
}

/** @param onAsked called whenever something is about to be consumed: also by what fails before it runs. */
export function setProcessSettings(settings: RunSettings, onAsked: () => void = () => {}): void {
  Object.defineProperty(realm, symbol, { configurable: true, get: () => (onAsked(), settings) });
}

/** Tells the command, where one runs the job. */
export function runBegan(): RunListener {
  return realm[began]?.() ?? { pulled: () => {}, isOver: () => {} };
}

/** @param onBegan called when a run begins */
export function listenForRuns(onBegan: () => RunListener): void {
  realm[began] = onBegan;
}
