import { availableParallelism, hostname } from "node:os";
import { Command, InvalidArgumentError } from "commander";
import type { AgentEvent } from "@shoal/cluster";
import { concreteDevices, jsonSafe, ShoalError, type ConcreteDevice } from "@shoal/core";
import { declaredResources, type ResourceFlags } from "./declared-resources.ts";
import { onInterrupt } from "./interrupt.ts";
import { letBuffersGather } from "./let-buffers-gather.ts";
import { bytes, number } from "./run-flags.ts";

interface Flags extends ResourceFlags {
  readonly label?: string;
  readonly device?: readonly ConcreteDevice[];
  readonly allowCode?: true;
  readonly duty?: number;
  readonly once?: true;
  readonly quiet?: true;
  readonly json?: true;
}

export function workCommand(): Command {
  return new Command("work")
    .description("Lend this machine to a coordinator: it computes blocks of its jobs until Ctrl-C, or until the coordinator has no more use for it.")
    .argument("[link]", "link that shoal serve or shoal run --share printed beside \"Lend a machine\", in quotes (default: SHOAL_LINK of the environment)")
    .option("--label <name>", `what people see (default: ${hostname()})`)
    .option("--cpus <n>", `CPUs it may use (detected: ${availableParallelism()})`, number)
    .option("--gpus <n>", "GPUs it may use (detected)", number)
    .option("--memory <bytes>", "memory it may use, as in 8GB (detected)", bytes)
    .option("--device <device>", `where to compute: ${concreteDevices.join(", ")}; several times for several, the best first (default: the fastest, measured)`, device)
    .option("--allow-code", "run predictors that come as code: whoever submits a job can then do here what you can")
    .option("--duty <share>", "share of the time to compute in, as in 0.5; it rests between blocks", share)
    .option("--once", "end when the job that it worked for is over")
    .option("-q, --quiet", "only errors; that it can't connect, once")
    .option("--json", "events as JSON lines on standard output")
    .action(work);
}

async function work(given: string | undefined, flags: Flags): Promise<void> {
  const link = given ?? process.env["SHOAL_LINK"];
  if (link === undefined || link === "") throw new ShoalError("bad-link", "No link is given.", { hint: "Give the whole link that shoal serve printed beside \"Lend a machine\", in quotes; or set SHOAL_LINK.", failure: "bug" });
  const [{ startAgent }, { quietWorkDisplay, workDisplay }] = await Promise.all([import("../agent/start-agent.ts"), import("./work-display.ts")]);
  letBuffersGather();
  const display = flags.json !== undefined ? undefined : flags.quiet ? quietWorkDisplay(process.stderr) : workDisplay(process.stderr);
  const jobs = new Set<string>();
  const onEvent = (event: AgentEvent): void => {
    display?.take(event);
    if (flags.json) process.stdout.write(`${JSON.stringify(asJson(event), jsonSafe)}\n`);
    if (event.kind === "job") jobs.add(event.segment.job);
    if (event.kind === "job-ended" && jobs.delete(event.job) && flags.once) void agent.drain("its job is over");
  };
  const agent = await startAgent(link, {
    onEvent, resources: declaredResources(flags),
    ...(flags.label !== undefined && { label: flags.label }),
    ...(flags.device !== undefined && { devices: flags.device }),
    ...(flags.allowCode && { allowCode: true }),
    ...(flags.duty !== undefined && { dutyCycle: flags.duty }),
  });
  // It gives back what has not begun, and finishes the rest.
  const stopListening = onInterrupt(() => void agent.drain("it was asked to stop").catch(() => {}));
  let hasFailed = true;
  try {
    await agent.ended;
    hasFailed = false;
  } finally {
    stopListening();
    display?.stop(hasFailed);
  }
}

/** An error as what it says. */
function asJson(event: AgentEvent): unknown {
  return "error" in event && event.error !== undefined ? { ...event, error: event.error.toPublicData() } : event;
}

function device(text: string, before: readonly ConcreteDevice[] = []): readonly ConcreteDevice[] {
  const name = concreteDevices.find((each) => each === text);
  if (name === undefined) throw new InvalidArgumentError(`It must be one of ${concreteDevices.join(", ")}.`);
  return [...before, name];
}

function share(text: string): number {
  const value = number(text);
  if (!(value >= 0.01 && value <= 1)) throw new InvalidArgumentError("It must be from 0.01 to 1.");
  return value;
}
