import type { ResultMessage } from "../../connection/messages.ts";
import type { GatewayState } from "../gateway-state.ts";
import type { WorkerLink } from "../workers/worker-link.ts";

interface EarlyResult {
  readonly link: WorkerLink;
  readonly message: ResultMessage;
  /** Absent where there was no room for it: its worker holds it, and sends it again. */
  readonly payload: Uint8Array | undefined;
  readonly until: number;
}

const most = 10_000;

/** Results of jobs that nobody has brought since this gateway started. Their drivers may be on the way: for a while they are answered neither way. */
export class EarlyResults {
  readonly #state: GatewayState;
  readonly #waiting = new Map<string, EarlyResult>();
  #bytes = 0;

  constructor(state: GatewayState) {
    this.#state = state;
  }

  keep(link: WorkerLink, message: ResultMessage, payload: Uint8Array): void {
    const { clock, settings } = this.#state;
    const key = `${message.attempt.epoch}.${message.attempt.number} ${link.connection}`;
    const known = this.#waiting.get(key);
    if (known?.payload !== undefined || (known === undefined && this.#waiting.size >= most)) return;
    const hasRoom = this.#bytes + payload.byteLength <= settings.earlyBytes;
    if (hasRoom) this.#bytes += payload.byteLength;
    this.#waiting.set(key, { link, message, payload: hasRoom ? payload : undefined, until: known?.until ?? clock.now() + settings.unknownJobMs });
  }

  /** Those of a job that was brought. */
  *take(job: string): Generator<{ readonly link: WorkerLink; readonly message: ResultMessage; readonly payload: Uint8Array }, void, undefined> {
    for (const [key, { link, message, payload }] of this.#waiting) {
      if (message.task.job !== job) continue;
      this.#forget(key);
      if (payload !== undefined) yield { link, message, payload };
    }
  }

  /** Nobody has brought their jobs in time. */
  refuseLate(): void {
    const now = this.#state.clock.now();
    for (const [key, { link, message: { task, attempt }, until }] of this.#waiting) {
      if (link.isOpen && until > now) continue;
      this.#forget(key);
      if (!link.isOpen) continue;
      this.#state.refusals.count("unknown-job");
      link.send({ kind: "refuse", task, attempt });
    }
  }

  #forget(key: string): void {
    this.#bytes -= this.#waiting.get(key)?.payload?.byteLength ?? 0;
    this.#waiting.delete(key);
  }
}
