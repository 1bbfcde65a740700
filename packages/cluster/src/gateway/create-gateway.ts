import { ShoalError, silentLogger } from "@shoal/core";
import { cutText } from "../connection/cut-text.ts";
import { longestText } from "../connection/schemas/parts.ts";
import type { Engine } from "../engine/index.ts";
import { commitsStalledMs } from "../scheduler/index.ts";
import { AskGate } from "./jobs/ask-gate.ts";
import { BlobCollection } from "./blob-collection.ts";
import { checkResultHere } from "./results/check-result.ts";
import { Commits } from "./results/commits.ts";
import { Connections } from "./connections.ts";
import { EngineReach } from "./elsewhere/engine-reach.ts";
import { EngineTrouble } from "./engine-trouble.ts";
import type { GatewayParts } from "./gateway-parts.ts";
import { defaultGatewaySettings } from "./gateway-settings.ts";
import type { GatewayState } from "./gateway-state.ts";
import type { CloseOptions, Gateway } from "./gateway.ts";
import { HeldInputs } from "./jobs/held-inputs.ts";
import { InviteBook } from "./invites/invite-book.ts";
import { JobDesk } from "./jobs/job-desk.ts";
import { Elsewhere } from "./elsewhere/elsewhere.ts";
import { GatewayTalk } from "./elsewhere/gateway-talk.ts";
import { JobRoles } from "./elsewhere/job-roles.ts";
import { modelFile } from "./jobs/model-files.ts";
import { performEffect } from "./perform-effects.ts";
import { RecentBytes } from "./results/recent-bytes.ts";
import { Refusals } from "./workers/refusals.ts";
import { ResultIntake } from "./results/result-intake.ts";
import { ResultSamples } from "./snapshot/result-samples.ts";
import { SchedulerLoop } from "./scheduler-loop.ts";
import { takeSnapshot } from "./snapshot/take-snapshot.ts";
import { tellFleet } from "./snapshot/tell-fleet.ts";
import { Watchers } from "./snapshot/watchers.ts";
import type { WorkerLink } from "./workers/worker-link.ts";
import { assertSameStore } from "./same-store.ts";
import { engineSecret } from "./invites/engine-secret.ts";

const pulseMs = 1_000;
const quietMs = 20;
const stalledAfterMs = 5_000;

/** Every gateway's epoch is one of this role: attempts of one are never taken for those of another. */
const gatewaysRole = "gateways";

/**
 * Opens a gateway over an engine, beside any others that it has: each job is led by the one that its driver came to. What was committed before is known as soon as a driver
 * brings its job again; nothing else outlives a gateway. The engine stays the caller's to close.
 */
export async function createGateway(parts: GatewayParts): Promise<Gateway> {
  const { engine, clock, random, files, log = silentLogger, date = Date.now, onNotice = () => {} } = parts;
  // Told to everybody, who take no longer one.
  const name = cutText(parts.name, longestText.title);
  const settings = { ...defaultGatewaySettings, ...parts.limits };
  const epoch = await takeEpoch(engine, settings.leaderMs);
  const over = new AbortController();
  const closingSoon = new AbortController();
  const { signal } = over;
  const refusals = new Refusals();
  /** A mistake of ours costs what it was made with, and is seen. */
  const mistake = (thrown: unknown): void => {
    const error = ShoalError.from(thrown);
    refusals.count(error.code);
    log.warn(`The gateway made a mistake, and goes on: ${error.message}`);
  };
  const watchers = new Watchers(clock, settings.watchMs, signal, mistake);
  const scheduler = { maxOpenBytes: Math.floor(settings.heldBytes / 2), ...parts.settings, epoch };
  const state: GatewayState = {
    engine, name, files, clock, date, random, log, settings, signal, closing: closingSoon.signal,
    loop: new SchedulerLoop(scheduler, clock, (effect) => performEffect(state, commits, asks, elsewhere, effect), mistake),
    jobs: new Map(), workers: new Map(), links: new Map(),
    inputs: new HeldInputs(), recent: new RecentBytes(settings.recentBytes), refusals,
    changed: () => watchers.changed(),
  };
  const trouble = new EngineTrouble(state, (message) => {
    log.warn(message);
    onNotice(message);
  });
  const commits = new Commits(state, trouble);
  const asks = new AskGate(state);
  const intake = new ResultIntake(state, { check: parts.checkResult ?? checkResultHere, trustsOwn: parts.trustsOwnWorkers === true }, trouble, new ResultSamples(state));
  const opened = (job: string): void => intake.jobOpened(job);
  const elsewhere = new Elsewhere(state, commits, trouble, { opened, helps: (job) => void talk.help(job).catch(() => {}) });
  intake.elsewhere = elsewhere;
  const collection = new BlobCollection(state, elsewhere.claims);
  // They hold what they have computed, and the engine knows nothing of it: another gateway commits it.
  const reach = new EngineReach(state, (why) => connections.sendAway(why));
  const roles = new JobRoles(state, (job) => {
    onNotice(`${name} leads job ${job.description.name} no more: it could not reach the engine for longer than ${settings.leaderMs / 1000} s.`);
    desk.putDown(job);
    reach.lost();
  });
  const talk: GatewayTalk = new GatewayTalk(state, {
    wanted: (job, driver, isProven) => desk.letGo(job, driver, isProven),
    helped: (name) => {
      const job = state.jobs.get(name);
      if (job !== undefined) elsewhere.lending.follow(job);
    },
    lost: async () => {
      const secret = await engineSecret(engine, parts.secret, { clock, signal });
      if (secret.some((byte, at) => byte !== parts.secret[at])) log.warn(`${name} signs links and keys by another secret than the engine holds now: start it again.`);
      await assertSameStore(engine, { clock, random, signal });
    },
  });
  const desk: JobDesk = new JobDesk(state, files, trouble, { roles, talk, elsewhere, opened });
  const invites = new InviteBook(engine, clock, date, parts.secret, signal);
  const connections: Connections = new Connections(state, name, invites, intake, reach, { desk, asks, collection, claims: elsewhere.claims, heldBy: (job, place, input) => elsewhere.heldBy(job, place, input) });

  let settle = (): void => {};
  const ended = new Promise<void>((resolve) => (settle = resolve));
  const end = (error: ShoalError): void => {
    if (signal.aborted) return;
    connections.endAll(error);
    state.loop.stop();
    over.abort(error);
    settle();
  };
  const pulse = async (): Promise<void> => {
    while (!signal.aborted) {
      await clock.sleep(pulseMs, signal);
      try {
        beat();
      } catch (error) {
        log.warn(`The gateway missed a beat: ${ShoalError.from(error).message}`);
      }
    }
  };
  const beat = (): void => {
    desk.mindAbsence();
    roles.mind((job) => elsewhere.lending.isFollowing(job));
    collection.mind();
    intake.refuseEarly();
    intake.mindLate();
    reach.mind();
    commits.mindLate();
    connections.endSilent();
    asks.ask();
    // What waits to be stored or committed tells more than something small would.
    if (intake.open === 0 && ![...state.loop.state.jobs.values()].some(({ committing }) => committing > 0)) trouble.probe();
    tellFleet(state, trouble.why);
    // Rates fade, though nothing happens.
    if (state.links.size > 0) state.changed();
  };

  await invites.load();
  await talk.open();
  pulse().catch(() => {});
  roles.keep().catch(() => {});
  void talk.listen();
  elsewhere.run();
  void invites.follow(signal, (invite) => connections.revoke(invite));

  /** Why nothing gets done: the disk is full, or the ledger does not answer. */
  const whyPaused = (): string | undefined => {
    const stalledMs = commitsStalledMs(state.loop.state);
    return trouble.why ?? (stalledMs < stalledAfterMs ? undefined : `The ledger has decided nothing for ${Math.round(stalledMs / 1000)} s.`);
  };

  let closing: Promise<void> | undefined;
  const close = async ({ again = false }: CloseOptions): Promise<void> => {
    const error = again
      ? new ShoalError("coordinator-closed", `${name} was stopped; waiting for it to come back.`, { hint: "Nothing that was committed is lost." })
      : new ShoalError("coordinator-closed", `${name} is closed.`, { hint: "Its job is over: nothing is left to do." });
    /** Those who will not come again. Others hold their results until they do. */
    const leaves = ({ admission }: WorkerLink): boolean => !again || admission.trusted;
    /** Nobody computes who is waited for, and what came is in the ledger. */
    const isQuiet = (): boolean => intake.open === 0 && [...state.links.values()].every((link) => !leaves(link) || !((state.loop.state.connections.get(link.connection)?.attempts.size ?? 0) > 0));
    if (!signal.aborted) {
      connections.close(error, again);
      closingSoon.abort(error);
      elsewhere.inlet.giveBackAll();
      for (const job of state.jobs.values()) state.loop.tell({ kind: "job-paused", job: job.name });
      for (const link of state.links.values()) if (leaves(link)) link.send({ kind: "drain", why: `${name} is closed` });
      for (const until = clock.now() + settings.closeMs; !isQuiet() && clock.now() < until && !signal.aborted; ) await clock.sleep(quietMs, signal).catch(() => {});
      // An engine that does not answer is not waited for for ever: what it has not answered is undecided, and comes again.
      const late = new AbortController();
      await Promise.race([Promise.all([commits.settled(), collection.settled()]), clock.sleep(settings.closeMs, AbortSignal.any([late.signal, signal])).catch(() => {})]);
      late.abort();
      end(error);
    }
    // An engine that does not answer lets others have the jobs when their time is over.
    const released = new AbortController();
    await Promise.race([roles.releaseAll(), clock.sleep(settings.closeMs, released.signal).catch(() => {})]);
    released.abort();
  };

  return {
    accept: (channel, origin) => connections.accept(channel, origin),
    invite: (scopes, options) => invites.invite(scopes, options),
    invites: () => invites.list(),
    revoke: async (invite) => {
      const revoked = invites.revoke(invite);
      connections.revoke(invite);
      await revoked;
    },
    allows: (token, scope) => invites.allows(token, scope),
    modelFile: (model, path) => modelFile(state, model, path),
    snapshot: () => takeSnapshot(state, name, whyPaused(), elsewhere),
    watch: (onChange) => watchers.watch(onChange),
    ended,
    close: (options = {}) => (closing ??= close(options)),
  };
}

/** A number of its own among all gateways that the engine has had. */
async function takeEpoch({ leader }: Engine, ttlMs: number): Promise<number> {
  const taken = await leader.acquire(gatewaysRole, Math.max(ttlMs, leader.shortestTtlMs));
  await taken.release();
  return taken.epoch;
}
