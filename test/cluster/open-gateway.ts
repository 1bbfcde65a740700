import { createGateway, memoryEngine, type Engine, type Gateway, type GatewayParts } from "@shoal/cluster";
import { FakeClock, seededRandom } from "@shoal/testing";
import { onTestFinished } from "vitest";
import { until } from "./until.ts";

export interface OpenGateway {
  readonly gateway: Gateway;
  readonly clock: FakeClock;
  readonly engine: Engine;
}

/** A gateway on a clock that stands still. */
export async function openGateway(parts: Partial<Omit<GatewayParts, "clock" | "engine">> & { readonly engine?: Engine; readonly clock?: FakeClock } = {}): Promise<OpenGateway> {
  const { clock = new FakeClock(), engine = memoryEngine({ clock }), ...rest } = parts;
  const random = seededRandom(1);
  const gateway = await createGateway({ engine, clock, random: () => random.next(), secret: new Uint8Array(32).fill(7), name: "test", date: () => 1_700_000_000_000 + clock.now(), ...rest });
  return { gateway, clock, engine };
}

/** Time passes until something is so: for what waits for the clock. */
export async function passUntil<T>(clock: FakeClock, look: () => T | undefined | false, stepMs = 100, timeoutMs?: number): Promise<T> {
  const over = new AbortController();
  // Hashes are computed beside this thread: a clock that ran ahead of them would have leases end while their results are on the way.
  const passing = (async () => {
    while (!over.signal.aborted) {
      await clock.advance(stepMs);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  })();
  try {
    return await until(look, timeoutMs);
  } finally {
    over.abort();
    await passing;
  }
}

/** Closes it at the test's end, whatever it waits for. */
export function closeLater({ gateway, clock }: OpenGateway): void {
  onTestFinished(async () => {
    let closed = false;
    void gateway.close().then(() => (closed = true));
    await passUntil(clock, () => closed, 1_000);
  });
}
