import { ShoalError } from "@shoal/core";
import { sha256Of } from "../../engine/index.ts";
import type { GatewayJob } from "./gateway-job.ts";
import type { GatewayState } from "../gateway-state.ts";

/** What a job is, as a blob that other gateways read. Gives its SHA-256. @throws what storing it throws */
export async function storeDescription({ engine }: Pick<GatewayState, "engine">, job: GatewayJob): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(job.description));
  const sha256 = await sha256Of(bytes);
  await engine.blobs.put(sha256, bytes);
  return sha256;
}

/** The same for a job that was opened while nothing could be stored: then its ledger says it now. @throws what storing it throws; `gateway-deposed`; `engine-paused` */
export async function storedDescription(state: GatewayState, job: GatewayJob, role: string): Promise<string> {
  if (job.describedAs !== undefined) return job.describedAs;
  const description = await storeDescription(state, job);
  const { engine, loop } = state;
  const epoch = job.role?.epoch;
  if (epoch === undefined) throw new ShoalError("gateway-deposed", `Job ${job.name} is led elsewhere.`, { hint: "Connect again: another gateway has it." });
  const answer = await engine.ledger.append(job.name, [{ kind: "described", gateway: loop.epoch, description }], { role, epoch });
  if (answer.outcome === "undecided") throw answer.reason;
  return (job.describedAs = description);
}
