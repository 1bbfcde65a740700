import { enginePaused, type QueuedTask, type QueueLease, type TaskQueue } from "@shoal/cluster";
import { ShoalError, type Clock } from "@shoal/core";
import type { ConsumerInfo } from "@nats-io/jetstream";
import type { Msg } from "@nats-io/transport-node";
import { assertConfig } from "./assert-config.ts";
import { isObject, jsonOf } from "./json-of.ts";
import { DeafConsumers } from "./deaf-consumers.ts";
import { apiCode, apiCodes, isNoResponders, isUnanswered } from "./nats-errors.ts";
import { asRefused, type NatsLink } from "./nats-link.ts";
import type { NatsNames } from "./nats-names.ts";
import type { NatsQueueOptions } from "./nats-options.ts";
import { deliveryOf, pull } from "./pull.ts";
import { nanos, queueConsumer, queueStream } from "./stream-configs.ts";

const priorities = 10;
/** How often is looked for tasks that nobody tells of: those that were given back, or whose lease is over. It begins with the first, and doubles. */
const firstLookMs = 5;
const longestLookMs = 200;
/** How long the list of consumers, which others make too, is believed. */
const listMs = 2000;

/** A work queue: a stream of tasks, a subject for each, a consumer for each class and priority. Lost, it is made anew, empty. */
export class NatsQueue implements TaskQueue {
  readonly leaseMs: number;
  readonly #link: NatsLink;
  readonly #names: NatsNames;
  readonly #replicas: number;
  readonly #options: Required<NatsQueueOptions>;
  /** When each consumer was last known to be there. */
  readonly #consumers = new Map<string, number>();
  #listedAt = -Infinity;
  readonly #deaf: DeafConsumers;

  constructor(link: NatsLink, names: NatsNames, replicas: number, options: Required<NatsQueueOptions>) {
    this.#link = link;
    this.#names = names;
    this.#replicas = replicas;
    this.#options = options;
    this.#deaf = new DeafConsumers(link, names);
    this.leaseMs = options.leaseMs;
  }

  /** @throws `engine-config`, `engine-refused`, `engine-paused` */
  async make(): Promise<void> {
    this.#consumers.clear();
    await this.#link.makeStream(queueStream(this.#names, this.#replicas, this.#options));
  }

  offer(task: QueuedTask): Promise<"queued" | "full"> {
    const priority = Math.min(priorities - 1, Math.max(0, Math.floor(task.priority)));
    return this.#link.during(async () => {
      try {
        await this.#consumer(task.class, priority);
        const until = this.#link.clock.now() + this.#link.options.patienceMs;
        for (;;) {
          const answer = await this.#offerOnce(task, priority);
          if (typeof answer === "string") return answer;
          if (this.#link.clock.now() >= until) throw enginePaused(answer);
          await this.#link.pause(100 * (0.5 + this.#link.random()));
        }
      } catch (error) {
        throw asRefused(error, "take a task");
      }
    });
  }

  async pull(classes: readonly string[], count: number, waitMs: number, signal?: AbortSignal): Promise<readonly QueueLease[]> {
    this.#link.assertOpen();
    const { clock } = this.#link;
    const until = clock.now() + waitMs;
    const scope = this.#link.scope(signal);
    const news = new News();
    const subscriptions = waitMs > 0 ? classes.map((name) => this.#listen(name, news)) : [];
    try {
      for (let lookMs = firstLookMs; ; lookMs = Math.min(2 * lookMs, longestLookMs)) {
        signal?.throwIfAborted();
        const leases = await this.#link.during(() => this.#pullOnce(classes, count, signal));
        const leftMs = until - clock.now();
        if (leases.length > 0 || leftMs <= 0) return leases;
        await this.#link.during(() => this.#mindDeaf(classes));
        if (await news.within(Math.min(lookMs, leftMs), clock, scope.signal)) lookMs = firstLookMs / 2;
      }
    } catch (error) {
      signal?.throwIfAborted();
      throw asRefused(error, "give out tasks");
    } finally {
      scope.end();
      for (const subscription of subscriptions) subscription.unsubscribe();
    }
  }

  /** A task is published on its subject: whoever waits hears of it, too, and then asks for it. */
  #listen(className: string, news: News): { unsubscribe(): void } {
    return this.#link.nc.subscribe(`${this.#names.tasks(className, "*")}.*`, {
      callback: (error, message) => {
        if (error !== null) return;
        const consumer = this.#names.consumer(className, Number(message.subject.split(".").at(-2)));
        if (!this.#consumers.has(consumer)) this.#listedAt = -Infinity;
        news.ring();
      },
    });
  }

  async #offerOnce(task: QueuedTask, priority: number): Promise<"queued" | "full" | ShoalError> {
    try {
      // A task that waits or is leased has its subject: the same one again is refused, and is there.
      await this.#link.publish(this.#names.taskSubject(task.class, priority, task.id), task, { expect: { lastSubjectSequence: 0, streamName: this.#names.queue } });
      return "queued";
    } catch (error) {
      const code = apiCode(error);
      if (code === apiCodes.wrongLastSequence || code === apiCodes.publishInFlight) return "queued";
      if (code === apiCodes.storeFailed) return "full";
      const reason = isUnanswered(error) ? this.#link.unanswered(error, "take a task") : undefined;
      if (isNoResponders(error) && (await this.#link.streamInfo(this.#names.queue)) === undefined) {
        await this.make();
        await this.#consumer(task.class, priority);
      } else if (reason === undefined) throw error;
      return reason ?? ShoalError.from(error);
    }
  }

  async #pullOnce(classes: readonly string[], count: number, signal: AbortSignal | undefined): Promise<readonly QueueLease[]> {
    await this.#list(signal);
    for (const name of classes) {
      const leases: QueueLease[] = [];
      for (let priority = 0; priority < priorities && leases.length < count; priority++) {
        if (this.#consumers.has(this.#names.consumer(name, priority))) leases.push(...(await this.#pullFrom(name, priority, count - leases.length)));
      }
      if (leases.length > 0) return leases;
    }
    return [];
  }

  async #pullFrom(className: string, priority: number, count: number): Promise<readonly QueueLease[]> {
    const consumer = this.#names.consumer(className, priority);
    if (!this.#link.isConnected) return this.#link.ask("give out tasks", () => Promise.resolve([]));
    const leases: QueueLease[] = [];
    const pulling = pull(this.#link.nc, this.#names.queue, consumer, { batch: count, no_wait: true }, this.#link.options.requestMs, this.#link.clock, (message) => {
      const lease = this.#lease(message);
      if (lease !== undefined) leases.push(lease);
    });
    if ((await pulling.ended) !== "gone") {
      this.#link.answered();
      this.#deaf.answered(consumer);
    } else if (leases.length === 0) await this.#remake(className, priority);
    return leases;
  }

  /** The consumer, or its stream, or all servers are gone: who makes it anew finds out which. One that only has no leader does not keep anybody from the others. */
  async #remake(className: string, priority: number): Promise<void> {
    const consumer = this.#names.consumer(className, priority);
    this.#consumers.delete(consumer);
    try {
      await this.#consumer(className, priority, false);
      if (this.#deaf.isMute(consumer)) await this.#replace(className, priority);
    } catch (error) {
      if (!isUnanswered(error)) throw error;
      this.#link.unanswered(error, "make a consumer");
      this.#consumers.set(consumer, -Infinity);
    }
  }

  async #mindDeaf(classes: readonly string[]): Promise<void> {
    const asked = classes.flatMap((className) => Array.from({ length: priorities }, (_, priority) => ({ className, priority })));
    for (const { className, priority } of await this.#deaf.among(asked.filter((one) => this.#consumers.has(this.#names.consumer(one.className, one.priority))))) await this.#replace(className, priority);
  }

  /** What is leased through it comes again at once: whoever has it finds out what is done. */
  async #replace(className: string, priority: number): Promise<void> {
    const consumer = this.#names.consumer(className, priority);
    await this.#link.jsm.consumers.delete(this.#names.queue, consumer).catch(() => {});
    this.#consumers.delete(consumer);
    await this.#consumer(className, priority);
  }

  /** Undefined: somebody put something else there, which goes for good. (A reader that throws would cost the whole connection.) */
  #lease(message: Msg): QueueLease | undefined {
    const tell = async (what: string): Promise<void> => {
      if (!this.#link.nc.isClosed() && !this.#link.nc.isDraining()) message.respond(what);
    };
    const task = taskOf(message);
    if (task === undefined) return void tell("+TERM");
    return {
      task,
      deliveries: deliveryOf(message).deliveries,
      extend: () => tell("+WPI"),
      acknowledge: () => tell("+ACK"),
      giveBack: (delayMs = 0) => tell(delayMs > 0 ? `-NAK ${JSON.stringify({ delay: nanos(Math.ceil(delayMs)) })}` : "-NAK"),
    };
  }

  /** Which consumers there are: tasks are only where one is. */
  async #list(signal: AbortSignal | undefined): Promise<void> {
    const now = this.#link.clock.now();
    if (now - this.#listedAt < listMs) return;
    try {
      const names = await this.#link.ask("list the queue's consumers", () => this.#link.consumerNames(this.#names.queue), signal);
      for (const name of this.#consumers.keys()) if (!names.includes(name)) this.#consumers.delete(name);
      for (const name of names) if (!this.#consumers.has(name)) this.#consumers.set(name, -Infinity);
    } catch (error) {
      if (apiCode(error) !== apiCodes.streamNotFound) throw error;
      await this.make();
    }
    this.#listedAt = now;
  }

  /** Makes one unless it is there, and is as asked. @param isPatient it is tried again where nobody answers */
  async #consumer(className: string, priority: number, isPatient = true): Promise<void> {
    const name = this.#names.consumer(className, priority);
    const { clock } = this.#link;
    if (clock.now() - (this.#consumers.get(name) ?? -Infinity) < this.#options.maxAgeMs / 2) return;
    const asked = queueConsumer(this.#names, className, priority, this.#options);
    for (let isFirst = true; ; isFirst = false) {
      try {
        const make = (): Promise<ConsumerInfo> => this.#link.jsm.consumers.add(this.#names.queue, asked);
        const { config } = await (isPatient ? this.#link.ask("make a consumer", make) : make());
        assertConfig(`the consumer ${name}`, asked, config);
        this.#consumers.set(name, clock.now());
        return;
      } catch (error) {
        const code = apiCode(error);
        if (code === apiCodes.consumerExists || code === apiCodes.consumerNameInUse) {
          const { config } = await this.#link.ask("tell of a consumer", () => this.#link.jsm.consumers.info(this.#names.queue, name));
          assertConfig(`the consumer ${name}`, asked, config);
        }
        if (code !== apiCodes.streamNotFound || !isFirst) throw error;
        await this.make();
      }
    }
  }
}

function taskOf(message: Msg): QueuedTask | undefined {
  const task = jsonOf(message.data);
  return isObject(task) && typeof task["id"] === "string" && typeof task["class"] === "string" && typeof task["priority"] === "number" && isObject(task["body"]) ? (task as unknown as QueuedTask) : undefined;
}

/** Something that may have come. */
class News {
  #isRung = false;
  #wake: () => void = () => {};

  readonly ring = (): void => {
    this.#isRung = true;
    this.#wake();
  };

  /** Whether there was any since it was last asked, or comes within that time. */
  async within(ms: number, clock: Clock, signal: AbortSignal): Promise<boolean> {
    if (!this.#isRung) {
      const over = new AbortController();
      this.#wake = () => over.abort();
      signal.addEventListener("abort", this.#wake, { once: true });
      await clock.sleep(signal.aborted ? 0 : ms, over.signal).catch(() => {});
      signal.removeEventListener("abort", this.#wake);
    }
    const wasRung = this.#isRung;
    this.#isRung = false;
    return wasRung;
  }
}
