import { describeBrowser } from "./tab/describe-browser.ts";
import type { TabMemory } from "./tab/tab-memory.ts";

/** What the owner of the tab decides. */
export interface Settings {
  /** How the tab is called where the workers are listed. */
  readonly label: string;
  /** The part of the time that it may compute, 0.25–1. */
  readonly dutyCycle: number;
  readonly onlyVisible: boolean;
  readonly onlyMains: boolean;
}

export const leastDutyCycle = 0.25;
export const longestLabel = 60;

export function readSettings(memory: TabMemory): Settings {
  const kept = memory.getJson("settings", (value): value is Partial<Settings> => typeof value === "object" && value !== null);
  const dutyCycle = Number(kept?.dutyCycle ?? 1);
  return {
    label: String(kept?.label ?? describeBrowser()).slice(0, longestLabel),
    dutyCycle: dutyCycle >= leastDutyCycle && dutyCycle <= 1 ? dutyCycle : 1,
    onlyVisible: kept?.onlyVisible === true,
    onlyMains: kept?.onlyMains === true,
  };
}

export function keepSettings(memory: TabMemory, settings: Settings): void {
  memory.set("settings", JSON.stringify(settings));
}
