import { Command } from "commander";
import { ShoalError } from "@shoal/core";
import { formatCount, type DeviceTrial } from "@shoal/executor";
import { detectResources, deviceCandidates } from "@shoal/workers/local";
import { onnxRuntimes } from "#onnx-runtimes";
import { doctorEngine, type EngineDoctorFlags } from "./doctor-engine.ts";
import { checkEngineFlags, withEngineFlags } from "./engine-flags.ts";
import { exitCodes } from "./exit-codes.ts";
import { probeDevices } from "./probe-devices.ts";

export function doctorCommand(): Command {
  return withEngineFlags(new Command("doctor"))
    .description("Say what works here: devices, each tried by running a model on it; libraries; resources. And how to get what is missing. With --engine, --store or both: whether coordinators can rely on those.")
    .option("--engine-monitors <urls>", "with --engine: where its servers' monitoring ports are, as in http://a:8222,http://b:8222 (default: port 8222 of each)", (text) => text.split(",").map((each) => each.trim()))
    .option("--engine-look", "with --engine: only look, for a user who may do no more")
    .option("--json", "as one JSON object")
    .action(doctor);
}

interface Library {
  readonly name: string;
  readonly forWhat: string;
  readonly found: boolean;
}

async function doctor(flags: EngineDoctorFlags): Promise<void> {
  const { store, ...others } = flags;
  checkEngineFlags(flags.engine === undefined ? others : flags);
  if (flags.engine !== undefined || store !== undefined) {
    if (!(await doctorEngine(flags, process.env, (text) => void process.stdout.write(text)))) process.exitCode = exitCodes.failed;
    return;
  }
  const resources = detectResources();
  const libraries = await Promise.all([
    library("onnxruntime-node", "running models on cpu, cuda and native webgpu"),
    library("onnxruntime-web", "running models on wasm, where onnxruntime-node is missing or can't load, and in Deno and browsers on webgpu"),
    library("@huggingface/tokenizers", "text tasks"),
    library("@cornerstonejs/codec-libjpeg-turbo-8bit", "reading JPEGs"),
    library("@napi-rs/image", "reading other images, and scaling"),
  ]);
  const devices = await probeDevices(onnxRuntimes);
  if (!devices.some(({ works }) => works)) process.exitCode = exitCodes.failed;
  const auto = deviceCandidates();
  // What keeps the small model from running is news too, and no reason to keep the rest back.
  const { measureSpeeds } = await import("./measure-speeds.ts");
  const speeds = await measureSpeeds(devices.filter(({ works }) => works).map(({ device }) => device), resources).catch((error: unknown) => ShoalError.from(error));
  if (flags.json) return void process.stdout.write(`${JSON.stringify({ runtime: runtimeName(), resources, devices, auto, speeds: ShoalError.is(speeds) ? { error: speeds.message } : speeds, libraries })}\n`);
  const lines = [
    `runtime   ${runtimeName()} on ${process.platform} ${process.arch}`,
    `resources ${resources.cpus} CPUs, ${resources.gpus} GPUs, ${(resources.memory / 2 ** 30).toFixed(1)} GiB memory`,
    ...devices.map(({ device, works, detail }) => `device    ${device.padEnd(7)} ${works ? "works" : "no   "}  ${detail}`),
    `auto      ${auto.length === 1 ? "" : "the fastest of "}${auto.join(", ")}`,
    ...(ShoalError.is(speeds) ? [`speed     not measured: ${speeds.message}`] : speeds.map(speedLine)),
    ...libraries.map(({ name, forWhat, found }) => `library   ${name} ${found ? "found" : `missing: npm install ${name}`} (${forWhat})`),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}

/** The table that `device: "auto"` chooses by. */
function speedLine({ device, rowsPerSecond, problem }: DeviceTrial): string {
  return `speed     ${device.padEnd(7)} ${rowsPerSecond === undefined ? "" : `${formatCount(rowsPerSecond)} sentences/s`}${problem === undefined ? "" : ` not used by "auto": ${problem}`}`;
}

async function library(name: string, forWhat: string): Promise<Library> {
  const found = await import(name).then(() => true, () => false);
  return { name, forWhat, found };
}

function runtimeName(): string {
  const { bun, deno, node } = process.versions as Record<string, string | undefined>;
  return bun !== undefined ? `Bun ${bun}` : deno !== undefined ? `Deno ${deno}` : `Node ${node}`;
}
