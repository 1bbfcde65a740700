// A tab of Chromium with the page of this folder, and what a test asks of it.
import type { PageCalls, Watched } from "./page/page.ts";

/** Evaluates JavaScript in a tab, awaits it, and gives back its value as JSON has it. */
export type Evaluate = <T>(expression: string) => Promise<T>;

/** What of a run travels out of its page. */
export type Seen = Omit<Watched, "workers">;

export class FaultTab {
  readonly evaluate: Evaluate;

  private constructor(evaluate: Evaluate) {
    this.evaluate = evaluate;
  }

  /** The tab that loads the page, once it has. */
  static async of(evaluate: Evaluate): Promise<FaultTab> {
    // Between two documents a tab can't be asked.
    await poll("the page was loaded", 30_000, () => evaluate<boolean>("'calls' in globalThis").then((is) => (is ? true : "it is not"), String));
    return new FaultTab(evaluate);
  }

  call<Name extends keyof PageCalls>(name: Name, ...given: Parameters<PageCalls[Name]>): Promise<Awaited<ReturnType<PageCalls[Name]>>> {
    return this.evaluate(`calls.${name}(...${JSON.stringify(given)})`);
  }

  /** Waits until something is so of the run; one that ends before it is told with what it came to. */
  async until(what: string, isSo: (seen: Seen) => boolean, timeoutMs = 90_000): Promise<Seen> {
    return poll(what, timeoutMs, async () => {
      const seen = await this.evaluate<Seen>("(({ workers, ...seen }) => seen)(watched)");
      const state = `${seen.rows.length} rows, ${seen.lost.length} lost actors${seen.error === undefined ? "" : `, ${seen.error}`}`;
      if (isSo(seen)) return seen;
      if (seen.ended) throw new Error(`The run ended before ${what}: ${state}.`);
      return state;
    });
  }

  /** What a run came to, with nothing more asked of it. @throws what it failed with */
  async ended(): Promise<Seen> {
    const seen = await this.until("the run was over", ({ ended }) => ended, 150_000);
    if (seen.error !== undefined) throw new Error(`The run failed after ${seen.rows.length} rows, with ${seen.lost.length} lost actors (${seen.lost.join("; ")}): ${seen.error}`);
    return seen;
  }

  async enough(): Promise<void> {
    await this.evaluate("void (watched.enough = true)");
  }
}

/** Asks until the answer is no text, which says how it stands. */
async function poll<T extends object | true>(what: string, timeoutMs: number, ask: () => Promise<T | string>): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (typeof answer !== "string") return answer;
    if (Date.now() > deadline) throw new Error(`After ${timeoutMs / 1000} s it was still not so that ${what}: ${answer}.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
