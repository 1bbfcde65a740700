import type { ResultMessage } from "../connection/messages.ts";
import type { GatewayState } from "./gateway-state.ts";
import type { WorkerLink } from "./worker-link.ts";

interface EarlyResult {
  readonly link: WorkerLink;
  readonly message: ResultMessage;
  readonly payload: Uint8Array;
}

/** Without their payloads. */
const most = 10_000;

/** Results of jobs that nobody has brought since this gateway started. Their drivers may be on the way: for a while they are answered neither way. */
export class EarlyResults {
  readonly #state: GatewayState;
  #waiting: (EarlyResult & { readonly until: number })[] = [];
  /** Those that there was no room for: their workers hold them, and present them to a later connection. */
  #dropped: (Omit<EarlyResult, "payload"> & { readonly until: number })[] = [];
  #bytes = 0;

  constructor(state: GatewayState) {
    this.#state = state;
  }

  keep(link: WorkerLink, message: ResultMessage, payload: Uint8Array): void {
    const { clock, settings } = this.#state;
    const until = clock.now() + settings.unknownJobMs;
    if (this.#bytes + payload.byteLength > settings.earlyBytes || this.#waiting.length >= most) {
      if (this.#dropped.length < most) this.#dropped.push({ link, message, until });
      return;
    }
    this.#bytes += payload.byteLength;
    this.#waiting.push({ link, message, payload, until });
  }

  take(job: string): readonly EarlyResult[] {
    const taken = this.#waiting.filter(({ message }) => message.task.job === job);
    this.#leave((early) => early.message.task.job !== job);
    return taken;
  }

  refuseLate(): void {
    const now = this.#state.clock.now();
    for (const { link, message: { task, attempt }, until } of [...this.#waiting, ...this.#dropped]) {
      if (until > now) continue;
      this.#state.refusals.count("unknown-job");
      link.send({ kind: "refuse", task, attempt });
    }
    this.#leave(({ until, link }) => until > now && link.isOpen);
    this.#dropped = this.#dropped.filter(({ until, link }) => until > now && link.isOpen);
  }

  #leave(stays: (early: EarlyResult & { readonly until: number }) => boolean): void {
    this.#waiting = this.#waiting.filter(stays);
    this.#bytes = this.#waiting.reduce((sum, { payload }) => sum + payload.byteLength, 0);
  }
}
