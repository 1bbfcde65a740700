/** What one worker needs before its first block can be computed, after its last one was, and for each. */
export interface WorkerCosts {
  readonly setupMs: number;
  readonly perBlockMs: number;
}

/**
 * The least makespan that any schedule can have, scheduler and all, by linear programming: minimise T where worker w completes x_w ≥ 0 blocks,
 * not only whole ones, with Σ x_w = N and, for each that completes any, setup_w + x_w · p_w ≤ T.
 *
 * p_w is the slowest of its three resources, which can at best overlap completely: computing a block, fetching one, sending one back. setup_w
 * is what no schedule can overlap: the hop by which it joins, the hop of its first lease, the longer of loading the model and fetching the first
 * block, and the hop back. (The last block's way back is left out where it would overlap with nothing: that only lowers the bound.) For a given T
 * the best x_w is max(0, (T − setup_w) / p_w), so the optimum is where these add up to N: the sum is monotone in T, and is solved for T by
 * taking workers in by their setup, as water fills a vessel. It is the fractional relaxation of scheduling on uniform machines with release
 * times (Q | r_m | C_max), whose optimum no real schedule can beat.
 */
export function lpBound(blocks: number, workers: readonly WorkerCosts[]): number {
  const bySetup = workers.toSorted((a, b) => a.setupMs - b.setupMs);
  let [rate, spent] = [0, 0];
  for (const [at, { setupMs, perBlockMs }] of bySetup.entries()) {
    rate += 1 / perBlockMs;
    spent += setupMs / perBlockMs;
    const makespan = (blocks + spent) / rate;
    const next = bySetup[at + 1];
    if (next === undefined || makespan <= next.setupMs) return makespan;
  }
  return 0;
}
