import { engineClosed, enginePaused, type EngineStatus } from "@shoal/cluster";
import { Permits, ShoalError, type Clock } from "@shoal/core";
import { jetstream, JetStreamApiError, jetstreamManager, type ApiError, type JetStreamClient, type JetStreamManager, type JetStreamPublishOptions, type PubAck, type StreamInfo } from "@nats-io/jetstream";
import { connect, headers, nuid, type NatsConnection } from "@nats-io/transport-node";
import { assertConfig } from "./assert-config.ts";
import { apiCode, apiCodes, isNotLetIn, isUnanswered, notLetIn, refused, tooFewServers, unansweredReason, unreachable } from "./nats-errors.ts";
import { connectionOptions, type NatsServers } from "./nats-options.ts";
import type { AskedStream } from "./stream-configs.ts";
import { checkPayload, checkVersion } from "./version-floor.ts";

export interface NatsLinkOptions extends NatsServers {
  readonly requestMs: number;
  readonly patienceMs: number;
  readonly unsafe: boolean;
  /** What the subjects begin with to which answers come. Default `_INBOX`. */
  readonly inboxPrefix?: string;
  readonly clock: Clock;
  readonly random: () => number;
}

/** Beyond so many, a request waits here and not at the servers: its time runs from when it is sent. */
const publishesInFlight = 512;
const requestsInFlight = 256;
const probeMs = 500;
const longestRetryMs = 500;

/** The connection to the servers: whether they answer, how long they are waited for, what has to be over before it is closed. */
export class NatsLink {
  readonly nc: NatsConnection;
  readonly jsm: JetStreamManager;
  readonly clock: Clock;
  readonly random: () => number;
  readonly options: NatsLinkOptions;
  /** Whom we are connected to, or try to be. */
  readonly servers: string;
  readonly #js: JetStreamClient;
  readonly #endings = new Set<() => void>();
  readonly #publishes = new Permits(publishesInFlight);
  readonly #requests = new Permits(requestsInFlight);
  readonly #underWay = new Set<Promise<unknown>>();
  #isConnected = true;
  #isClosing = false;
  #trouble: ShoalError | undefined;
  #unsuited: ShoalError | undefined;

  /** @throws `engine-unreachable`, `engine-too-old`, `engine-config`, `engine-refused`, `bad-option` */
  static async open(options: NatsLinkOptions): Promise<NatsLink> {
    const connection = { ...connectionOptions(options, options.requestMs), ...(options.inboxPrefix !== undefined && { inboxPrefix: options.inboxPrefix }) };
    const servers = [connection.servers ?? []].flat().join(", ");
    let nc: NatsConnection;
    try {
      // Who is refused, or finds nobody, learns so here: the lasting connection tries on for ever.
      await (await connect({ ...connection, reconnect: false, ignoreAuthErrorAbort: false })).close();
      nc = await connect(connection);
    } catch (error) {
      throw isNotLetIn(error) ? notLetIn(servers, error) : unreachable(servers, error);
    }
    try {
      checkVersion(nc.info?.version ?? "0", options.unsafe);
      checkPayload(nc.info?.max_payload);
      return new NatsLink(nc, await jetstreamManager(nc, { timeout: options.requestMs, checkAPI: false }), servers, options);
    } catch (error) {
      await nc.close();
      throw error;
    }
  }

  private constructor(nc: NatsConnection, jsm: JetStreamManager, servers: string, options: NatsLinkOptions) {
    this.nc = nc;
    this.jsm = jsm;
    this.#js = jetstream(nc, { timeout: options.requestMs });
    this.servers = servers;
    this.options = options;
    this.clock = options.clock;
    this.random = options.random;
    void this.#watch();
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  get isClosing(): boolean {
    return this.#isClosing;
  }

  /** @throws `engine-closed` */
  assertOpen(): void {
    if (this.#isClosing) throw engineClosed();
  }

  /** A signal that aborts with the given one, and when this is closed; `end` lets go of both. (Thousands may wait at once: too many for the listeners of one signal.) */
  scope(signal?: AbortSignal): { readonly signal: AbortSignal; end(): void } {
    const over = new AbortController();
    const abort = (): void => over.abort();
    if (this.#isClosing || signal?.aborted) abort();
    this.#endings.add(abort);
    signal?.addEventListener("abort", abort, { once: true });
    return {
      signal: over.signal,
      end: () => {
        this.#endings.delete(abort);
        signal?.removeEventListener("abort", abort);
      },
    };
  }

  /** Settles after that time, or when the signal aborts, or this is closed. */
  async pause(ms: number, signal?: AbortSignal): Promise<void> {
    const scope = this.scope(signal);
    await this.clock.sleep(ms, scope.signal).catch(() => {});
    scope.end();
  }

  status(): EngineStatus {
    const reason = this.#isConnected ? (this.#unsuited ?? this.#trouble) : unreachable(this.servers);
    return reason === undefined ? { state: "running" } : { state: "paused", reason };
  }

  /** Does something that `close` waits for. Rejects with `engine-closed` once that is asked for. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.assertOpen();
    const working = work();
    this.#underWay.add(working);
    try {
      return await working;
    } finally {
      this.#underWay.delete(working);
    }
  }

  /** One message into a stream, once. While no server is there it is not sent: it would go out later, when nobody waits for it. */
  async publish(subject: string, body: unknown, options: Partial<JetStreamPublishOptions>): Promise<PubAck> {
    const release = await this.#publishes.take();
    try {
      this.#assertUsable();
      const ack = await this.#js.publish(subject, JSON.stringify(body), { timeout: this.options.requestMs, ...options });
      this.answered();
      return ack;
    } finally {
      release();
    }
  }

  /**
   * Messages into a stream, each the first of its subject: all of them, one after the other, or none. Once.
   * @returns where the first of them stands
   */
  async publishBatch(stream: string, messages: readonly { readonly subject: string; readonly body: unknown }[]): Promise<number> {
    const release = await this.#publishes.take();
    try {
      this.#assertUsable();
      const last = messages.at(-1);
      if (last === undefined) throw new RangeError("A batch without messages.");
      // The client's own batches leave out what is expected. Headers are written out as each message is given: what differs from the one before is set anew.
      const expecting = headers();
      expecting.set("Nats-Batch-Id", nuid.next());
      expecting.set("Nats-Expected-Stream", stream);
      expecting.set("Nats-Expected-Last-Subject-Sequence", "0");
      for (const [at, { subject, body }] of messages.entries()) {
        expecting.set("Nats-Batch-Sequence", String(at + 1));
        if (at < messages.length - 1) this.nc.publish(subject, JSON.stringify(body), { headers: expecting });
      }
      expecting.set("Nats-Batch-Commit", "1");
      const answer = await this.nc.request(last.subject, JSON.stringify(last.body), { headers: expecting, timeout: this.options.requestMs });
      const { error, seq } = answer.json<{ readonly error?: ApiError; readonly seq: number }>();
      if (error !== undefined) throw new JetStreamApiError(error);
      this.answered();
      return seq - (messages.length - 1);
    } finally {
      release();
    }
  }

  /**
   * A request that may be repeated, until it is answered, or nobody waits for it any more.
   * @param what As in `NATS did not <what>`
   * @throws `engine-paused`, `engine-refused`, and errors of the API; the signal's reason
   */
  async ask<T>(what: string, request: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const until = this.clock.now() + this.options.patienceMs;
    for (let waitMs = 20; ; waitMs = Math.min(2 * waitMs, longestRetryMs)) {
      const release = await this.#requests.take();
      let failure: unknown;
      try {
        this.#assertUsable();
        const answer = await request();
        this.answered();
        return answer;
      } catch (error) {
        failure = error;
      } finally {
        release();
      }
      if (!isUnanswered(failure)) throw failure;
      const reason = this.unanswered(failure, what);
      if (this.#isClosing || this.clock.now() >= until) throw enginePaused(reason);
      signal?.throwIfAborted();
      await this.pause(waitMs * (0.5 + this.random()), signal);
      signal?.throwIfAborted();
    }
  }

  /** Somebody answers. */
  answered(): void {
    this.#trouble = undefined;
  }

  /** Nobody did: the reason in words, which `status` tells until somebody answers. */
  unanswered(error: unknown, what: string): ShoalError {
    const reason = unansweredReason(error, what, this.servers);
    if (this.#isConnected && !this.#isClosing) {
      if (this.#trouble === undefined) void this.#probe();
      this.#trouble = reason;
    }
    return reason;
  }

  async streamInfo(stream: string): Promise<StreamInfo | undefined> {
    try {
      return await this.ask(`tell of ${stream}`, () => this.jsm.streams.info(stream));
    } catch (error) {
      if (apiCode(error) === apiCodes.streamNotFound) return undefined;
      throw asRefused(error, `tell of the stream ${stream}`);
    }
  }

  /** Makes a stream unless it is there, and sees that it is as asked. @throws `engine-config`, `engine-replicas`, `engine-refused`, `engine-paused` */
  async makeStream(asked: AskedStream, { firstSeq }: { readonly firstSeq?: number } = {}): Promise<StreamInfo> {
    const until = this.clock.now() + this.options.patienceMs;
    let info: StreamInfo | undefined;
    while (info === undefined) {
      try {
        info = await this.ask(`make the stream ${asked.name}`, () => this.jsm.streams.add({ ...asked, ...(firstSeq === undefined ? {} : { first_seq: firstSeq }) }));
      } catch (error) {
        const code = apiCode(error);
        if (code === apiCodes.notCluster) throw tooFewServers(asked.num_replicas ?? 1, error);
        if (code !== apiCodes.nameInUse) throw asRefused(error, `make the stream ${asked.name}`);
        // There is one that differs in what can't be compared, or in what can; one that is just being made is not told of yet.
        info = await this.streamInfo(asked.name);
        if (info !== undefined) break;
        if (this.clock.now() >= until) throw enginePaused(unansweredReason(error, `make the stream ${asked.name}`, this.servers));
        await this.pause(50 * (0.5 + this.random()));
      }
    }
    assertConfig(`the stream ${asked.name}`, asked, info.config);
    return info;
  }

  async removeStream(stream: string): Promise<void> {
    try {
      await this.ask(`remove ${stream}`, () => this.jsm.streams.delete(stream));
    } catch (error) {
      if (apiCode(error) !== apiCodes.streamNotFound) throw asRefused(error, `remove the stream ${stream}`);
    }
  }

  /** The names of the streams that listen to a subject. */
  async streamNames(subject: string): Promise<string[]> {
    return this.ask("list the streams", async () => {
      const names: string[] = [];
      for await (const name of this.jsm.streams.names(subject)) names.push(name);
      return names;
    }).catch((error: unknown) => Promise.reject(asRefused(error, "list the streams")));
  }

  /** The names of a stream's consumers, as the servers' leader knows them: it asks none of the consumers, some of which may have no leader just now. Rejects as a request does. */
  async consumerNames(stream: string): Promise<string[]> {
    const names: string[] = [];
    for (;;) {
      const answer = await this.nc.request(`$JS.API.CONSUMER.NAMES.${stream}`, JSON.stringify({ offset: names.length }), { timeout: this.options.requestMs });
      const { error, consumers, total } = answer.json<{ readonly error?: ApiError; readonly consumers?: readonly string[] | null; readonly total?: number }>();
      if (error !== undefined) throw new JetStreamApiError(error);
      names.push(...(consumers ?? []));
      if ((consumers ?? []).length === 0 || names.length >= (total ?? 0)) return names;
    }
  }

  async close(): Promise<void> {
    const isFirst = !this.#isClosing;
    this.#isClosing = true;
    for (const end of this.#endings) end();
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay);
    if (!isFirst || this.nc.isClosed()) return;
    // A drain waits for an answer of the server, which may be gone.
    const drained = this.#isConnected ? this.nc.drain().catch(() => {}) : Promise.resolve();
    await Promise.race([drained, this.clock.sleep(this.options.requestMs)]);
    await this.nc.close();
  }

  async #watch(): Promise<void> {
    for await (const { type } of this.nc.status()) {
      if (type === "disconnect") this.#isConnected = false;
      if (type !== "reconnect") continue;
      this.#isConnected = true;
      this.#trouble = this.#unsuited = undefined;
      try {
        checkVersion(this.nc.info?.version ?? "0", this.options.unsafe);
        checkPayload(this.nc.info?.max_payload);
      } catch (error) {
        this.#unsuited = ShoalError.from(error);
      }
    }
    this.#isConnected = false;
  }

  /** @throws `engine-unreachable`, `engine-too-old`, `engine-config` */
  #assertUsable(): void {
    if (!this.#isConnected) throw unreachable(this.servers);
    if (this.#unsuited !== undefined) throw this.#unsuited;
  }

  /** Asks until somebody answers again: whoever waits for `status` sends nothing that would be answered. */
  async #probe(): Promise<void> {
    while (this.#trouble !== undefined && !this.#isClosing) {
      await this.pause(probeMs);
      if (!this.#isConnected || this.#isClosing) continue;
      await this.jsm.getAccountInfo().then(() => this.answered(), () => {});
    }
  }
}

/** What no caller expects. */
export function asRefused(error: unknown, what: string): ShoalError {
  return ShoalError.is(error) ? error : refused(error, what);
}
