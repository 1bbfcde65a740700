// A driver and workers that compute nothing, within the process of a gateway.
import { memoryChannel, protocolVersion, type DriverToGateway, type Gateway, type GatewayToDriver, type GatewayToWorker, type WorkerToGateway } from "@shoal/cluster";
import { doubler } from "./tiny-job.ts";

export interface ScriptedWorkers {
  /** What their names begin with. */
  readonly name: string;
  readonly count: number;
  /** How long each takes for a block. Default: none, it answers at once. */
  readonly msEach?: number;
  readonly resultOf: (block: number) => Uint8Array<ArrayBuffer>;
}

/** Workers that answer each block with what they were given for it. */
export function joinWorkers(gateway: Gateway, { name, count, msEach = 0, resultOf }: ScriptedWorkers): void {
  for (let at = 0; at < count; at++) {
    const [near, far] = memoryChannel<WorkerToGateway, GatewayToWorker>();
    const inputOf = new Map<number, string>();
    let busyUntil = 0;
    near.listen({ closed: () => {}, message: (message) => {
      if (message.kind === "lease") for (const { attempt, input } of message.tasks) inputOf.set(attempt.number, input as string);
      if (message.kind !== "block") return;
      const { task, attempt } = message;
      const answer = (): void => {
        const input = inputOf.get(attempt.number) as string;
        inputOf.delete(attempt.number);
        near.send({ kind: "result", task, attempt, rows: 1, input, failures: [], stats: { device: "cpu", preprocessMs: 0, predictMs: Math.max(1, msEach), postprocessMs: 0, batches: [1], counts: {} } }, resultOf(task.block));
      };
      if (msEach === 0) return answer();
      busyUntil = Math.max(busyUntil, performance.now()) + msEach;
      setTimeout(answer, busyUntil - performance.now());
    } });
    near.send({ kind: "hello", protocol: protocolVersion, role: "worker", name: `${name}-${at}`, worker: { label: `${name} ${at}`, host: "machine", runtime: "node", devices: ["cpu"], cpus: 1, gpus: 0, memoryBytes: 8e9, models: [], runsCode: false } });
    gateway.accept(far, {});
    setInterval(() => near.send({ kind: "beat", rows: 0, state: "computing" }), 2_000).unref();
  }
}

/** A driver that offers what it is asked for. Measured from the first question to the last block that is done. */
export async function driveJob(gateway: Gateway, job: string, inputs: readonly Uint8Array<ArrayBuffer>[]): Promise<{ readonly seconds: number; readonly cpuMicroseconds: number }> {
  const count = inputs.length;
  const [near, far] = memoryChannel<DriverToGateway, GatewayToDriver>();
  let offered = 0;
  let done = 0;
  let began = 0;
  let cpu = process.cpuUsage();
  // A gateway's own timers keep no process alive, and it may have nothing else to wait for.
  const alive = setInterval(() => {}, 1_000);
  await new Promise<void>((resolve, reject) => {
    near.listen({ closed: () => reject(new Error("The gateway has hung up.")), message: (message) => {
      if (message.kind === "job-failed" || message.kind === "bye") return reject(new Error(message.error.message));
      if (message.kind === "block-done" && ++done === count) return resolve();
      if (message.kind !== "ask") return;
      if (began === 0) [began, cpu] = [performance.now(), process.cpuUsage()];
      for (let left = message.blocks; left > 0 && offered < count; left--) {
        near.send({ kind: "offer", job, segment: 0, block: offered, rows: 1 }, inputs[offered]);
        offered++;
        if (offered === count) near.send({ kind: "input-ended", job, segment: 0, blocks: count });
      }
    } });
    near.send({ kind: "hello", protocol: protocolVersion, role: "driver", name: "driver" });
    near.send({ kind: "submit", description: { job, name: job, about: { columns: ["n"] }, segments: [doubler], priority: 0, weight: 1, volunteers: false } });
    gateway.accept(far, {});
  });
  clearInterval(alive);
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { seconds, cpuMicroseconds: user + system };
}
