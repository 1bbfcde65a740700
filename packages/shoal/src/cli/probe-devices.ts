import type { ConcreteDevice, DeviceProbe } from "@shoal/core";
import type { OnnxRuntimes } from "@shoal/workers";

/** Tries every device that there is a library for here, with that library. */
export async function probeDevices(runtimes: OnnxRuntimes): Promise<readonly DeviceProbe[]> {
  const served = Object.entries(runtimes) as [ConcreteDevice, NonNullable<OnnxRuntimes[ConcreteDevice]>][];
  const found: DeviceProbe[] = [];
  // One library after another: they would share the cores.
  for (const load of new Set(served.map(([, load]) => load))) {
    const probes = await (await load()).probe();
    found.push(...probes.filter(({ device }) => runtimes[device] === load));
  }
  return found;
}
