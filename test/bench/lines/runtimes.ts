import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { sentiment } from "@shoal/tiny-models";
import { findChromium } from "../../runtimes/find-chromium.ts";
import { findRuntime } from "../../runtimes/find-runtime.ts";
import type { AnywhereSettings } from "../jobs/label-anywhere.ts";
import { measure, script, type Measurement } from "../measure.ts";
import { Tab } from "../tab.ts";
import { absent, line, type Line } from "../table.ts";
import type { Bench, Run, Section } from "./section.ts";

type BenchDevice = "cpu" | "wasm" | "webgpu";

/** A GPU that is software does some 20 rows a second, and compiles shaders for every new shape. */
const rowsOn: Readonly<Record<BenchDevice, number>> = { cpu: 60_000, wasm: 6_000, webgpu: 320 };

interface Place {
  readonly runtime: "Node" | "Bun" | "Deno" | "Chromium";
  readonly device: BenchDevice;
  readonly library: "onnxruntime-node" | "onnxruntime-web";
}

const places: readonly Place[] = [
  { runtime: "Node", device: "cpu", library: "onnxruntime-node" },
  { runtime: "Node", device: "wasm", library: "onnxruntime-web" },
  { runtime: "Node", device: "webgpu", library: "onnxruntime-node" },
  { runtime: "Bun", device: "cpu", library: "onnxruntime-node" },
  { runtime: "Deno", device: "cpu", library: "onnxruntime-node" },
  { runtime: "Deno", device: "wasm", library: "onnxruntime-web" },
  { runtime: "Deno", device: "webgpu", library: "onnxruntime-web" },
  { runtime: "Chromium", device: "wasm", library: "onnxruntime-web" },
  { runtime: "Chromium", device: "webgpu", library: "onnxruntime-web" },
];

/** The same job and model wherever there is a runtime for it: one actor with what it takes by itself. */
export async function runtimes(bench: Bench): Promise<Section> {
  const { path, distinct } = bench.inputs.jobs.sentiment;
  const model = fileURLToPath(sentiment);
  const lines: Line[] = [];
  const runs: Run[] = [];
  let reference: Measurement | undefined;
  let tab: Promise<Tab> | undefined;
  const chromium = findChromium();
  try {
    for (const { runtime, device, library } of places) {
      const what = `${runtime} on ${device} (${library})`;
      const settings: AnywhereSettings = { job: "sentiment", path, model, device, rows: Math.max(96, Math.round(rowsOn[device] * bench.share)) };
      const driver = runtime === "Node" && device === "webgpu" ? vulkanDriver() : {};
      let measurement: Measurement | string;
      try {
        if (runtime !== "Chromium") {
          const command = commandFor(runtime, settings);
          measurement = typeof command === "string" ? command : await measure(what, command, driver);
        } else if (chromium === undefined) measurement = "no Chromium";
        else {
          const opened = await (tab ??= Tab.open(chromium, { "rows.jsonl": path, model }));
          await opened.visit();
          measurement = await opened.measure(what, "job", { ...settings, path: "/rows.jsonl", model: "/model/" });
        }
      } catch (error) {
        bench.log(String(error));
        measurement = reason(error);
      }
      if (typeof measurement === "string") {
        lines.push(absent(what, measurement));
        continue;
      }
      reference ??= measurement;
      lines.push(placeLine(what, measurement, reference, runtime, driverName(measurement, device, driver)));
      runs.push({ measurement, distinct });
      bench.log(`${what}: ${measurement.steady.toFixed(0)} rows/s, first row ${measurement.firstRow.toFixed(2)} s`);
    }
  } finally {
    await (await tab)?.[Symbol.asyncDispose]();
  }
  return { lines, runs };
}

function placeLine(what: string, measurement: Measurement, reference: Measurement, runtime: Place["runtime"], driver: string): Line {
  const since = runtime === "Chromium" ? "the call in the loaded page" : "its start";
  const { shoal, baseline, ratio, target } = line("", measurement.steady, reference.steady, {}, "rows/s");
  return { what: `${what}${driver}: rows/s, steady, beside Node on cpu; first row ${measurement.firstRow.toFixed(2)} s after ${since}`, shoal, baseline, target, ...(ratio === undefined ? {} : { ratio }) };
}

/** Or why there is none. */
function commandFor(runtime: "Node" | "Bun" | "Deno", settings: AnywhereSettings): readonly string[] | string {
  const [node, file, json] = script("jobs/anywhere", settings) as [string, string, string];
  if (runtime === "Node") return [node, file, json];
  const found = findRuntime(runtime === "Bun" ? "bun" : "deno");
  return found === undefined ? `no ${runtime}` : [found.path, ...found.command(file), json];
}

const softwareDriver = "/usr/lib/chromium/vk_swiftshader_icd.json";

/** Where there is no GPU, the driver that comes with Chromium: Node's WebGPU refuses Mesa's older ones. */
function vulkanDriver(): Readonly<Record<string, string>> {
  const given = process.env["VK_ICD_FILENAMES"];
  if (given !== undefined) return { VK_ICD_FILENAMES: given };
  const gpu = existsSync("/dev/dri") || existsSync("/dev/nvidia0");
  return !gpu && existsSync(softwareDriver) ? { VK_ICD_FILENAMES: softwareDriver } : {};
}

/** So that nobody takes a software driver for a GPU. */
function driverName({ said }: Measurement, device: BenchDevice, driver: Readonly<Record<string, string>>): string {
  if (device !== "webgpu") return "";
  const file = driver["VK_ICD_FILENAMES"]?.split("/").at(-1);
  const name = typeof said["adapter"] === "string" ? said["adapter"] : file === undefined ? "the driver of this machine" : `the driver of ${file}`;
  return /swiftshader|llvmpipe|lavapipe|lvp_/i.test(name) ? `, ${name}, which is software` : `, ${name}`;
}

/** The line of what a program printed that says most. */
function reason(error: unknown): string {
  const { message } = error as Error;
  return /(?:ShoalError|Error): (.+)/.exec(message)?.[1] ?? message.split("\n")[0] ?? "it failed here";
}
