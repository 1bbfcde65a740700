import type { ComponentChild } from "preact";
import type { Devices } from "../tab/find-devices.ts";

/** What this tab has to compute with, and why it has no more. */
export function DeviceList({ devices: { gpu, cpu } }: { readonly devices: Devices }): ComponentChild {
  return (
    <ul class="devices">
      <li data-works={gpu.works}>
        <strong>Graphics card (WebGPU)</strong>
        {gpu.works ? <p>{gpu.name}. It is used where it is the faster one.</p> : <><p>Not used. {gpu.why}</p>{gpu.fix.map((each) => <p key={each}>{each}</p>)}</>}
      </li>
      <li data-works="true">
        <strong>Processor (WASM)</strong>
        <p>{cpu.cores === 1 ? "One core" : `${cpu.cores} cores`}{cpu.threads || cpu.cores === 1 ? "." : ", of which this page may use one: browsers share memory between threads only over https, or on the machine itself."}</p>
      </li>
    </ul>
  );
}
