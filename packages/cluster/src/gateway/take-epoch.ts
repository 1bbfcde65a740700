import type { Engine } from "../engine/index.ts";

/** Every gateway's epoch is one of this role: attempts of one are never taken for those of another. */
const gatewaysRole = "gateways";

/** A number of its own among all gateways that the engine has had. */
export async function takeEpoch({ leader }: Engine, ttlMs: number): Promise<number> {
  const taken = await leader.acquire(gatewaysRole, Math.max(ttlMs, leader.shortestTtlMs));
  await taken.release();
  return taken.epoch;
}
