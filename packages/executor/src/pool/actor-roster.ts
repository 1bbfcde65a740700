import { ShoalError, type Actor, type ActorRequest, type CloseReason } from "@shoal/core";
import type { ChosenDevice } from "../device/choose-device.ts";
import type { PoolSettings } from "./pool-settings.ts";
import { lossOf, type Offer } from "./retry.ts";
import type { Sight } from "./watchdog.ts";

/** An actor of a pool, with the blocks it has. */
export interface Member {
  readonly actor: Actor;
  readonly slot: number;
  readonly open: Offer[];
  /** Aborted with the actor; one of its own, so that its calls don't pile up listeners on a shared one. */
  readonly ended: AbortController;
  blocksDone: number;
  batchesDone: number;
  /** Takes no more work and ends when what it has is done. */
  retiring: boolean;
  idleSince: number;
  sight: Sight;
}

export interface RosterEvents {
  readonly onJoined: () => void;
  /** An actor ended that nobody had asked to. */
  readonly onDied: (member: Member, reason: CloseReason) => void;
  /** The place of one that was ended is free. */
  readonly onGone: () => void;
  /** None could be started. */
  readonly onFailure: (error: unknown) => void;
}

interface LoadingActor {
  readonly done: Promise<void>;
  readonly stop: AbortController;
  readonly since: number;
}

const spawnAttempts = 3;

/** The actors of a pool: it starts them, each in a slot with a GPU of its own, and sees them gone. */
export class ActorRoster {
  readonly members = new Set<Member>();
  readonly #settings: PoolSettings;
  readonly #events: RosterEvents;
  /** Actors that are ending, and their slots: taken until they are gone. */
  readonly #leaving = new Map<Promise<void>, number>();
  readonly #loading = new Map<number, LoadingActor>();
  /** What actors are started for; settled by {@link settle} where it was to be measured. */
  #target: Pick<ActorRequest, "device" | "spec">;
  #ceiling: number;
  #failedSpawns = 0;
  #spawnProblem: unknown;
  #closed: ShoalError | undefined;

  constructor(settings: PoolSettings, events: RosterEvents) {
    this.#settings = settings;
    this.#events = events;
    this.#ceiling = settings.maxActors;
    this.#target = { device: settings.device, spec: settings.spec };
  }

  /** How many there may be; fewer than was asked for where some could not start. */
  get ceiling(): number {
    return this.#ceiling;
  }

  get busy(): number {
    let busy = 0;
    for (const member of this.members) if (member.open.length > 0) busy++;
    return busy;
  }

  /** How many are loading, and since when the first of them is. */
  get loading(): { readonly actors: number; readonly since: number } {
    return { actors: this.#loading.size, since: Math.min(...[...this.#loading.values()].map((each) => each.since)) };
  }

  /** What was chosen, before any actor is started; the one that won may be there already. */
  settle({ device, spec, actor }: ChosenDevice): void {
    this.#target = { device, spec };
    if (actor !== undefined) this.#join(actor, 0);
  }

  /** Starts as many as are missing, at once. */
  growTo(wanted: number): void {
    if (this.#closed !== undefined) return;
    const taken = new Set([...[...this.members].map((member) => member.slot), ...this.#loading.keys(), ...this.#leaving.values()]);
    for (let slot = 0; taken.size < Math.min(wanted, this.#ceiling) && slot < this.#settings.maxActors; slot++) {
      if (taken.has(slot)) continue;
      taken.add(slot);
      this.#load(slot);
    }
  }

  #load(slot: number): void {
    const stop = new AbortController();
    this.#loading.set(slot, { stop, since: this.#settings.clock.now(), done: this.#spawn(slot, stop.signal) });
  }

  /** Ends an actor: with a reason it is killed, otherwise disposed. */
  remove(member: Member, reason?: string): void {
    if (!this.members.delete(member)) return;
    const { record, onEvent } = this.#settings;
    const { actor } = member;
    record.resized(this.members.size);
    member.ended.abort(this.#closed ?? new ShoalError("worker-lost", reason ?? "The actor was disposed.", { failure: "worker-lost", hint: "Run it again; what an actor had under way is computed anew." }));
    const gone: Promise<void> = (reason === undefined ? Promise.resolve(actor[Symbol.asyncDispose]()) : actor.kill(reason))
      .catch((error: unknown) => onEvent({ kind: "notice", message: `${actor.id} did not end well: ${ShoalError.from(error).message}` }))
      .then(() => {
        this.#leaving.delete(gone);
        this.#events.onGone();
      });
    this.#leaving.set(gone, member.slot);
  }

  /** Lets an actor finish what it has, and ends it. */
  retire(member: Member, reason: string): void {
    member.retiring = true;
    if (member.open.length > 0) return;
    this.#settings.onEvent({ kind: "actor-stopped", actor: member.actor.id, reason });
    this.remove(member);
  }

  /** Ends all: idle ones are disposed, busy ones killed. Settles when they are gone. */
  async close(reason: ShoalError): Promise<void> {
    this.#closed ??= reason;
    for (const member of this.members) this.remove(member, member.open.length > 0 ? "the run ended" : undefined);
    const loading = [...this.#loading.values()];
    for (const { stop } of loading) stop.abort(reason);
    await Promise.allSettled(loading.map(({ done }) => done));
    await Promise.allSettled(this.#leaving.keys());
  }

  async #spawn(slot: number, signal: AbortSignal): Promise<void> {
    const { host, policy, threads, deviceIndexes } = this.#settings;
    const request: ActorRequest = { ...this.#target, policy, threads, deviceIndex: deviceIndexes[slot] ?? 0 };
    try {
      const actor = await host.spawn(request, signal);
      this.#loading.delete(slot);
      if (this.#closed !== undefined) return await actor[Symbol.asyncDispose]();
      this.#failedSpawns = 0;
      this.#join(actor, slot);
      this.#tellSpawnProblem();
    } catch (error) {
      this.#loading.delete(slot);
      if (this.#closed === undefined) this.#spawnFailed(slot, error);
    }
  }

  #join(actor: Actor, slot: number): void {
    const { clock, record, onEvent } = this.#settings;
    const now = clock.now();
    const member: Member = {
      actor, slot, open: [], ended: new AbortController(), blocksDone: 0, batchesDone: 0, retiring: false, idleSince: now,
      sight: { ticks: actor.progress.ticks, since: now, noticed: false },
    };
    this.members.add(member);
    record.loadMs += actor.loadMs;
    record.device = actor.device;
    record.resized(this.members.size);
    onEvent({ kind: "actor-started", actor: actor.id, device: actor.device, loadMs: actor.loadMs });
    void actor.closed.then((reason) => {
      if (this.members.has(member)) this.#events.onDied(member, reason);
    });
    this.#events.onJoined();
  }

  #spawnFailed(slot: number, error: unknown): void {
    this.#failedSpawns++;
    if (lossOf(error) !== undefined && this.#failedSpawns < spawnAttempts) {
      this.#load(slot);
      return;
    }
    this.#ceiling = this.members.size + this.#loading.size + this.#leaving.size;
    if (this.#ceiling === 0) return this.#events.onFailure(setupError(this.#settings.spec.name, error));
    this.#spawnProblem = error;
    this.#tellSpawnProblem();
  }

  /** Those that run carry on without the ones that did not start. */
  #tellSpawnProblem(): void {
    const { onEvent, spec, maxActors } = this.#settings;
    if (this.#spawnProblem === undefined || this.#loading.size > 0) return;
    onEvent({ kind: "notice", message: `${spec.name}: ${this.members.size} of ${maxActors} actors started: ${ShoalError.from(this.#spawnProblem).toData().message}` });
    this.#spawnProblem = undefined;
  }
}

/** What a predictor of the user's own threw has no code of ours; what we threw already says everything. */
function setupError(name: string, thrown: unknown): ShoalError {
  const error = ShoalError.from(thrown, "setup-failed");
  if (error.code !== "setup-failed" && error.code !== "unexpected") return error;
  return new ShoalError("setup-failed", `Predictor "${name}" could not be set up: ${error.message}`, {
    cause: error, failure: "bug", hint: "Mend its setup() or constructor; nothing was predicted.",
  });
}
