import type { RunSettings } from "@shoal/dataset";

const symbol = Symbol.for("shoal.settings");
const realm = globalThis as { [symbol]?: RunSettings };

/** What the `shoal` command was told. Kept in the realm: the job may import another copy of this package than the command's own. */
export function processSettings(): RunSettings {
  return realm[symbol] ?? {};
}

/** @param onAsked called whenever something is about to be consumed: also by what fails before it runs. */
export function setProcessSettings(settings: RunSettings, onAsked: () => void = () => {}): void {
  Object.defineProperty(realm, symbol, { configurable: true, get: () => (onAsked(), settings) });
}
