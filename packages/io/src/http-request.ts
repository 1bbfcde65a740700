import { ShoalError } from "@shoal/core";

export interface HttpRequest {
  readonly method?: "GET" | "HEAD";
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** The longest silence of the server that is waited for. */
  readonly idleMs: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly statusText: string;
  readonly ok: boolean;
  readonly headers: Headers;
  /** A page sees only some headers of another origin, and so not whether what it gets was compressed on the way. */
  readonly hidesHeaders: boolean;
  /** Ends the connection when it is left early. @throws `connection-lost` */
  body(): AsyncGenerator<Uint8Array>;
  /** The body is not wanted. */
  leave(): Promise<void>;
}

const attempts = 3;

/**
 * Asks, and asks again where the server is at fault or can't be reached: nothing has been received yet. Silence is waited for once.
 * @throws `unreachable`, `http-refused` for redirects without end
 */
export async function httpRequest(url: string, { signal, idleMs, ...init }: HttpRequest): Promise<HttpAnswer> {
  for (let attempt = 1; ; attempt++) {
    const patience = new Patience(signal, idleMs);
    try {
      patience.begin();
      const response = await fetch(url, { ...init, signal: patience.signal });
      patience.rest();
      if (attempt === attempts || (response.status < 500 && response.status !== 429)) return answer(url, response, patience);
      await response.body?.cancel();
      patience.end();
    } catch (error) {
      patience.end();
      signal.throwIfAborted();
      if (patience.lost) throw new ShoalError("unreachable", `${url} did not answer within ${idleMs / 1000} s.`, { hint: "Check the server, and run it again; or download the file first.", cause: error });
      const reason = reasonOf(error);
      if (/redirect/i.test(reason)) throw new ShoalError("http-refused", `${url} leads from one redirect to the next without end.`, { hint: "Check the URL, and whether it can be read without signing in.", failure: "bug", cause: error });
      if (attempt === attempts) throw new ShoalError("unreachable", `Can't reach ${url}: ${reason}`, { hint: "Check the URL and the network.", cause: error });
    }
    await pause(200 * 4 ** (attempt - 1), signal);
  }
}

function answer(url: string, response: Response, patience: Patience): HttpAnswer {
  const { status, statusText, ok, headers } = response;
  return {
    status,
    statusText,
    ok,
    headers,
    hidesHeaders: response.type === "cors",
    async leave() {
      await response.body?.cancel().catch(() => {});
      patience.end();
    },
    async *body() {
      const reader = response.body?.getReader();
      let received = 0;
      try {
        while (reader !== undefined) {
          patience.begin();
          const { done, value } = await reader.read();
          patience.rest();
          if (done) return;
          received += value.byteLength;
          yield value;
        }
      } catch (error) {
        patience.throwIfAborted();
        const what = patience.lost ? `${url} sent ${received} bytes, and then nothing for ${patience.ms / 1000} s` : `The connection broke after ${received} bytes of ${url}: ${reasonOf(error)}`;
        throw new ShoalError("connection-lost", `${what}.`, { hint: "Run it again, or download the file first.", details: { url, received, silent: patience.lost }, cause: error });
      } finally {
        patience.end();
        await reader?.cancel().catch(() => {});
      }
    },
  };
}

/** Ends a request when the run is given up, or its server has been silent for too long while it was waited for. */
class Patience {
  readonly ms: number;
  lost = false;
  readonly #run: AbortSignal;
  readonly #abort = new AbortController();
  readonly #giveUp = (): void => this.#abort.abort(this.#run.reason);
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(run: AbortSignal, ms: number) {
    this.#run = run;
    this.ms = ms;
    run.throwIfAborted();
    run.addEventListener("abort", this.#giveUp, { once: true });
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** It is the server's turn. */
  begin(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.lost = true;
      this.#abort.abort(new Error("the server is silent"));
    }, this.ms);
  }

  /** It is ours. */
  rest(): void {
    clearTimeout(this.#timer);
  }

  end(): void {
    this.rest();
    this.#run.removeEventListener("abort", this.#giveUp);
  }

  throwIfAborted(): void {
    this.#run.throwIfAborted();
  }
}

/** `fetch failed` says nothing; its cause does. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
  });
  signal.throwIfAborted();
}
