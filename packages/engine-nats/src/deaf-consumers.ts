import type { NatsLink } from "./nats-link.ts";
import type { NatsNames } from "./nats-names.ts";

/** How often a consumer is looked at while nothing comes of it. */
const lookMs = 5000;
/** So often in a row, over so long, a consumer that is there must have left a pull unanswered. */
const mostSilences = 3;
const leastSilentMs = 5000;

export interface QueueConsumer {
  readonly className: string;
  readonly priority: number;
}

interface Seen {
  readonly at: number;
  /** How many tasks it had given out by then, to whomever; undefined where it kept none back. */
  readonly given: number | undefined;
}

/**
 * Finds consumers that are there and of no use: those that say they have nothing while tasks lie there which they have given to nobody, and those that answer no pull at all. One
 * that somebody has paused is such, or one that an election has left so. They stay so; made anew, they begin with all that is there.
 */
export class DeafConsumers {
  readonly #link: NatsLink;
  readonly #names: NatsNames;
  /** By name. */
  readonly #seen = new Map<string, Seen>();
  /** By name, pulls in a row that were not answered. */
  readonly #silent = new Map<string, { readonly since: number; readonly times: number }>();

  constructor(link: NatsLink, names: NatsNames) {
    this.#link = link;
    this.#names = names;
  }

  /** Called as often as nothing came of these, which are asked again and again. Gives those that kept tasks back all the time since the look before; what can't be told now is told next time. */
  async among(consumers: readonly QueueConsumer[]): Promise<readonly QueueConsumer[]> {
    const { clock, jsm } = this.#link;
    const now = clock.now();
    const due = consumers.filter((one) => now - (this.#seen.get(this.#nameOf(one))?.at ?? -Infinity) >= lookMs);
    if (due.length === 0) return [];
    const before = due.map((one) => this.#seen.get(this.#nameOf(one)));
    for (const one of due) this.#seen.set(this.#nameOf(one), { at: now, given: undefined });
    const deaf: QueueConsumer[] = [];
    try {
      if ((await jsm.streams.info(this.#names.queue)).state.messages === 0) return [];
      for (const [at, one] of due.entries()) {
        const given = await this.#keepsBackAfter(one);
        const last = before[at];
        // Who has not asked for long may be the only one who does.
        if (given !== undefined && given === last?.given && now - last.at < 2 * lookMs) deaf.push(one);
        else this.#seen.set(this.#nameOf(one), { at: now, given });
      }
    } catch {
      // Nobody answers: whoever asks for tasks learns so.
    }
    return deaf;
  }

  answered(consumer: string): void {
    this.#silent.delete(consumer);
  }

  /** A pull was not answered, and the consumer is there. Whether that is so for long. */
  isMute(consumer: string): boolean {
    const now = this.#link.clock.now();
    const { since, times } = this.#silent.get(consumer) ?? { since: now, times: 0 };
    const isMute = times + 1 >= mostSilences && now - since >= leastSilentMs;
    if (isMute) this.#silent.delete(consumer);
    else this.#silent.set(consumer, { since, times: times + 1 });
    return isMute;
  }

  /** How many tasks it has given out, where others wait that it has not; else undefined. */
  async #keepsBackAfter({ className, priority }: QueueConsumer): Promise<number | undefined> {
    const { jsm } = this.#link;
    const { state } = await jsm.streams.info(this.#names.queue, { subjects_filter: `${this.#names.tasks(className, priority)}.*` });
    const tasks = Object.keys(state.subjects ?? {}).length;
    if (tasks === 0) return undefined;
    const { num_ack_pending: leased, delivered } = await jsm.consumers.info(this.#names.queue, this.#names.consumer(className, priority));
    return tasks > leased ? delivered.consumer_seq : undefined;
  }

  #nameOf({ className, priority }: QueueConsumer): string {
    return this.#names.consumer(className, priority);
  }
}
