import { ShoalError } from "@shoal/core";
import type { WorkerTraits } from "../connection/messages.ts";
import type { AttemptId } from "../scheduler/index.ts";
import { modelsOfWorker } from "../connection/schemas/workers.ts";
import type { Agent, AgentEvent, AgentParts } from "./agent.ts";
import { Beats, type Standing } from "./beats.ts";
import { failureOf, withoutKey } from "./failure-of.ts";
import { AgentConnection, type GatewayMessage } from "./agent-connection.ts";
import { HeldResults } from "./held-results.ts";
import { segmentKey, type Leased } from "./lease-queue.ts";
import { ResultOutlet } from "./result-outlet.ts";
import { Work } from "./work.ts";

/** So many leases at a time: one is fetched while the other is computed. */
const usualCredit = 2;
const lookEveryMs = 5_000;

/** A worker: computes what a coordinator leases it, until it is drained, its signal is aborted, or the coordinator refuses it. */
export function runAgent(parts: AgentParts): Agent {
  return new AgentRun(parts);
}

class AgentRun implements Agent {
  readonly ended: Promise<void>;
  readonly #parts: AgentParts;
  readonly #ending = new AbortController();
  readonly #connection: AgentConnection;
  readonly #beats: Beats;
  readonly #work: Work;
  readonly #held: HeldResults;
  /** That it has: those that were loaded last stand last. */
  readonly #models: Set<string>;
  #paused = false;
  #draining = false;
  /** What the coordinator was last told of room for leases. */
  #credit = usualCredit;
  #shownJob: string | undefined;
  #shownState = "waiting";

  constructor(parts: AgentParts) {
    this.#parts = parts;
    const { clock, resources, signal, traits } = parts;
    this.#models = new Set(traits.models);
    this.#connection = new AgentConnection(parts, () => this.#traits(), {
      onConnecting: () => this.#tell({ kind: "connecting" }),
      onWelcome: (welcome) => {
        this.#tell({ kind: "connected", coordinator: welcome.name });
        // What it computes went on meanwhile, and is told again.
        this.#shownState = "waiting";
        this.#welcomed(welcome.beatMs);
      },
      awaitedBytes: () => this.#work.awaitedBytes,
      unansweredBytes: () => this.#held.unansweredBytes,
      onMessage: (message, payload) => this.#take(message, payload),
      onLost: (error, retryMs) => this.#lost(error, retryMs),
    });
    this.#held = new HeldResults(parts.maxHeldBytes ?? Math.min(256 * 2 ** 20, resources.memory / 8), new ResultOutlet(this.#connection), clock, this.#ending.signal);
    this.#work = new Work(parts, this.#ending.signal, {
      onResult: (held) => this.#held.add(held),
      onFailed: (leased, error, loaded) => this.#fail(leased, error, loaded),
      onGivenBack: (leased) => this.#giveBack(leased),
      onLoaded: ({ segment, device }, loadMs) => {
        this.#shownState = "computing";
        this.#tell({ kind: "computing", device: device ?? "" });
        const hash = segment.description.model?.hash;
        if (hash === undefined) return;
        this.#models.delete(hash);
        this.#models.add(hash);
        for (const oldest of this.#models) if (this.#models.size > modelsOfWorker) this.#models.delete(oldest);
        this.#connection.send({ kind: "ready", model: hash, loadMs });
      },
      onNotice: (message, failure) => this.#tell({ kind: "notice", message: withoutKey(message, this.#connection.welcome?.key), ...(failure !== undefined && { failure }) }),
      onChange: () => this.#pump(),
      onProgress: () => {
        const { state, loading } = this.#standing();
        if (state === "loading") this.#tell({ kind: "loading", name: this.#work.segment?.description.name ?? "", doneBytes: 0, bytes: 0, ...loading });
        else this.#tell({ kind: "progress", ...this.#work.progress() });
        this.#beats.ifDue();
      },
    });
    this.#beats = new Beats(clock, (beat) => this.#connection.send(beat), () => this.#standing());
    const end = (): void => this.#ending.abort(signal?.reason);
    if (signal?.aborted) end();
    else signal?.addEventListener("abort", end, { once: true, signal: this.#ending.signal });
    this.ended = this.#run();
    // Whoever listens to events alone has been told.
    this.ended.catch(() => {});
  }

  drain(why: string): Promise<void> {
    if (!this.#draining && !this.#ending.signal.aborted) {
      this.#draining = true;
      this.#work.forgetQueue();
      const { finishing } = this.#work;
      this.#tell({ kind: "draining", why, blocks: finishing.length });
      this.#connection.send({ kind: "draining", finishing });
      this.#pump();
    }
    return this.ended;
  }

  pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#tell({ kind: "paused" });
    this.#pump();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#tell({ kind: "resumed" });
    this.#pump();
  }

  setDutyCycle(share: number): void {
    this.#work.setDutyCycle(share);
    this.#pump();
  }

  setNotice(notice: string | undefined): void {
    if (this.#beats.notice === notice) return;
    this.#beats.notice = notice;
    this.#beats.soon();
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending;
    let refusal: ShoalError | undefined;
    // Whoever started this agent has it in hand before the first event.
    await Promise.resolve();
    const looking = this.#lookAround(signal);
    try {
      await this.#connection.run(signal);
    } catch (error) {
      refusal = ShoalError.from(error);
    }
    this.#ending.abort();
    this.#beats.end();
    await looking;
    await this.#work.close();
    this.#tell({ kind: "ended", ...(refusal !== undefined && { error: refusal }) });
    if (refusal !== undefined) throw refusal;
  }

  // --- the connection ---

  #traits(): WorkerTraits {
    return { ...this.#parts.traits, models: [...this.#models].slice(-modelsOfWorker) };
  }

  #welcomed(beatMs: number): void {
    // What had not begun was offered to others when the last connection ended.
    this.#work.forgetConnection();
    this.#credit = usualCredit;
    if (this.#draining) this.#connection.send({ kind: "draining", finishing: this.#work.finishing });
    this.#tellCredit();
    this.#held.presentAll();
    this.#beats.begin(beatMs);
    this.#pump();
  }

  #lost(error: ShoalError, retryMs: number): void {
    this.#tell({ kind: "disconnected", error, retryMs });
    this.#beats.end();
    this.#work.forgetQueue();
    this.#pump();
  }

  #take(message: GatewayMessage, payload: Uint8Array | undefined): void {
    switch (message.kind) {
      case "segment":
        this.#work.learn(message);
        break;
      case "lease":
        for (const { task, attempt, bytes, input, apart = false } of message.tasks) this.#lease({ task, attempt, bytes, input, apart });
        break;
      case "block":
        if (payload !== undefined) this.#work.fill(message.attempt, payload);
        break;
      case "revoke":
        for (const { attempt } of message.tasks) {
          this.#work.revoke(attempt, message.why);
          if (message.why === "committed") this.#inVain(attempt);
        }
        break;
      case "settle":
        this.#held.remove(message.attempt);
        break;
      case "refuse":
        this.#inVain(message.attempt);
        this.#held.remove(message.attempt);
        break;
      case "job-ended":
        this.#held.removeJob(message.job);
        if (this.#work.endJob(message.job)) this.#tell({ kind: "job-ended", job: message.job });
        break;
      case "drain":
        void this.drain(message.why);
        break;
    }
    this.#pump();
  }

  #lease(leased: Leased): void {
    if (this.#held.has(leased.attempt)) this.#held.presentAgain(leased.attempt);
    else if (!this.#draining && this.#credit > 0 && !this.#work.has(leased.attempt)) this.#work.lease(leased);
  }

  /** What it did of an attempt, another was faster with, or nobody wants. */
  #inVain(attempt: AttemptId): void {
    const rows = this.#held.markInVain(attempt);
    if (rows !== undefined) this.#work.inVain(rows);
  }

  #fail({ task, attempt }: Leased, thrown: unknown, loaded: boolean): void {
    const { failure, error } = failureOf(thrown, loaded, this.#connection.welcome?.key);
    this.#tell({ kind: "failed", error: ShoalError.fromData(error) });
    this.#connection.send({ kind: "failed", task, attempt, failure, error });
  }

  #giveBack({ task, attempt }: Leased): void {
    const { code, message, failure } = new ShoalError("aborted", "Its actors ended while this worker begins nothing more.", { failure: "aborted" });
    this.#connection.send({ kind: "failed", task, attempt, failure: "aborted", error: { code, message, ...(failure !== undefined && { failure }) } });
  }

  /** Begins what can begin, and says what has changed. */
  #pump(): void {
    if (this.#ending.signal.aborted) return;
    this.#tellCredit();
    const { welcome, connected } = this.#connection;
    if (welcome !== undefined && this.#credit > 0 && !this.#draining) {
      this.#work.beginAll(welcome);
      this.#tellCredit();
    }
    // Without a connection there is nobody to hand results to.
    if (this.#draining && (!connected || (this.#work.finishing.length === 0 && this.#held.size === 0))) this.#ending.abort();
    this.#tellState();
  }

  /** What nothing else gives occasion to. */
  async #lookAround(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    while (!signal.aborted) {
      await clock.sleep(lookEveryMs, signal).catch(() => {});
      if (signal.aborted) return;
      this.#work.closeIdle();
      if (this.#connection.connected) this.#held.presentOverdue();
    }
  }

  // --- what others are told ---

  /** Room for leases: none while paused or full. What has not begun is given back then, what runs is finished. */
  #tellCredit(): void {
    const credit = this.#paused || this.#held.full ? 0 : this.#wantedCredit();
    if (credit === this.#credit) return;
    this.#credit = credit;
    if (credit === 0) this.#work.forgetQueue();
    if (!this.#draining) this.#connection.send({ kind: "ready", credit, ...(credit === 0 && { finishing: this.#work.finishing }) });
  }

  /** A lease may be a single block, which keeps one of many actors at work: one more lease is asked for at a time, until there is enough for all. */
  #wantedCredit(): number {
    const { starvedAt, waiting } = this.#work;
    if (starvedAt !== undefined) return Math.max(usualCredit, this.#credit, starvedAt + 1);
    return waiting > 0 ? usualCredit : Math.max(usualCredit, this.#credit);
  }

  #standing(): Standing {
    const standing = this.#work.standing();
    return this.#paused ? { ...standing, state: "paused" } : standing;
  }

  /** A beat follows at once when what this worker does has changed. */
  #tellState(): void {
    const { segment } = this.#work;
    const { state, loading } = this.#standing();
    if (segment !== undefined && this.#shownJob !== segmentKey(segment)) {
      this.#shownJob = segmentKey(segment);
      this.#tell({ kind: "job", segment });
    }
    if (state === "waiting") this.#work.rest();
    if (state === this.#shownState) return this.#beats.ifDue();
    this.#shownState = state;
    if (state === "loading") this.#tell({ kind: "loading", name: segment?.description.name ?? "", doneBytes: 0, bytes: 0, ...loading });
    else if (state === "computing") this.#tell({ kind: "computing", device: this.#standing().device ?? "" });
    else if (state === "waiting") this.#tell({ kind: "idle" });
    this.#beats.soon();
  }

  #tell(event: AgentEvent): void {
    this.#parts.onEvent?.(event);
  }
}
