interface BatteryManager extends EventTarget {
  readonly charging: boolean;
  readonly level: number;
}

/** `level`: 0–1. */
export interface Power {
  readonly onMains: boolean;
  readonly level: number;
}

/** Tells of the device's power now and whenever it changes. Never, where the browser does not say it. */
export async function watchPower(onPower: (power: Power) => void): Promise<void> {
  const battery = await (navigator as Navigator & { getBattery?(): Promise<BatteryManager> }).getBattery?.().catch(() => undefined);
  if (battery === undefined) return;
  const tell = (): void => onPower({ onMains: battery.charging, level: battery.level });
  battery.addEventListener("chargingchange", tell);
  battery.addEventListener("levelchange", tell);
  tell();
}
