import { ShoalError, silentLogger } from "@shoal/core";
import { commitsStalledMs } from "../scheduler/index.ts";
import { AskGate } from "./ask-gate.ts";
import { BlobCollection } from "./blob-collection.ts";
import { checkResultHere } from "./check-result.ts";
import { Commits } from "./commits.ts";
import { Connections } from "./connections.ts";
import { EngineTrouble } from "./engine-trouble.ts";
import type { GatewayParts } from "./gateway-parts.ts";
import { defaultGatewaySettings } from "./gateway-settings.ts";
import type { GatewayState } from "./gateway-state.ts";
import type { CloseOptions, Gateway } from "./gateway.ts";
import { HeldInputs } from "./held-inputs.ts";
import { InviteBook } from "./invite-book.ts";
import { JobDesk } from "./job-desk.ts";
import { gatewayRole } from "./open-job.ts";
import { modelFile } from "./model-files.ts";
import { performEffect } from "./perform-effects.ts";
import { RecentBytes } from "./recent-bytes.ts";
import { Refusals } from "./refusals.ts";
import { ResultIntake } from "./result-intake.ts";
import { ResultSamples } from "./result-samples.ts";
import { SchedulerLoop } from "./scheduler-loop.ts";
import { takeSnapshot } from "./take-snapshot.ts";
import { tellFleet } from "./tell-fleet.ts";
import { Watchers } from "./watchers.ts";
import type { WorkerLink } from "./worker-link.ts";

const pulseMs = 1_000;
const quietMs = 20;
const stalledAfterMs = 5_000;

/**
 * Opens a gateway over an engine, as its leader: waits until no other one leads. What was committed before is known as soon as a driver brings its job
 * again; nothing else outlives a gateway. The engine stays the caller's to close.
 */
export async function createGateway(parts: GatewayParts): Promise<Gateway> {
  const { engine, clock, random, name, files, log = silentLogger, date = Date.now, onNotice = () => {} } = parts;
  const settings = { ...defaultGatewaySettings, ...parts.limits };
  const leadership = await engine.leader.acquire(gatewayRole, Math.max(settings.leaderMs, engine.leader.shortestTtlMs));
  const over = new AbortController();
  const { signal } = over;
  const watchers = new Watchers(clock, settings.watchMs, signal);
  const scheduler = { maxOpenBytes: Math.floor(settings.heldBytes / 2), ...parts.settings, epoch: leadership.epoch };
  const state: GatewayState = {
    engine, files, clock, date, random, log, settings, signal,
    loop: new SchedulerLoop(scheduler, clock, (effect) => performEffect(state, commits, asks, effect)),
    jobs: new Map(), workers: new Map(), links: new Map(),
    inputs: new HeldInputs(), recent: new RecentBytes(settings.recentBytes), refusals: new Refusals(),
    changed: () => watchers.changed(),
  };
  const trouble = new EngineTrouble(state, (message) => {
    log.warn(message);
    onNotice(message);
  });
  const commits = new Commits(state, trouble);
  const asks = new AskGate(state);
  const collection = new BlobCollection(state);
  const intake = new ResultIntake(state, { check: parts.checkResult ?? checkResultHere, trustsOwn: parts.trustsOwnWorkers === true }, trouble, new ResultSamples(state));
  const desk = new JobDesk(state, files, trouble, { opened: (job) => intake.jobOpened(job), deposed: () => depose() });
  const invites = new InviteBook(engine, clock, date, parts.secret);
  const connections = new Connections(state, name, invites, intake, { desk, asks, collection });

  let settle: (error: ShoalError | undefined) => void = () => {};
  const ended = new Promise<ShoalError | undefined>((resolve) => (settle = resolve));
  const end = (error: ShoalError, why: ShoalError | undefined): void => {
    if (signal.aborted) return;
    connections.endAll(error);
    state.loop.stop();
    over.abort(error);
    settle(why);
  };
  const depose = (): void => {
    const error = new ShoalError("gateway-deposed", `The gateway of ${name} leads no more: another one has taken over, or this one was stuck for longer than ${settings.leaderMs / 1000} s.`, { hint: "Start it again; nothing that was committed is lost." });
    if (!signal.aborted) onNotice(error.message);
    end(error, error);
  };

  const lead = async (): Promise<void> => {
    while (!signal.aborted) {
      await clock.sleep(settings.leaderMs / 3, signal);
      if (!(await leadership.renew())) return depose();
    }
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
    collection.mind();
    intake.refuseEarly();
    intake.mindLate();
    commits.mindLate();
    connections.endSilent();
    asks.ask();
    tellFleet(state, trouble.why);
    // Rates fade, though nothing happens.
    if (state.links.size > 0) state.changed();
  };

  try {
    await invites.load();
  } catch (error) {
    await leadership.release();
    throw error;
  }
  leadership.lost.addEventListener("abort", depose, { once: true });
  pulse().catch(() => {});
  void invites.follow(signal, (invite) => connections.revoke(invite));
  // An engine that can't be asked can't be led either.
  lead().catch((error: unknown) => {
    if (signal.aborted) return;
    log.warn(`The gateway could not renew its role: ${ShoalError.from(error).message}`);
    depose();
  });

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
      for (const job of state.jobs.values()) state.loop.tell({ kind: "job-paused", job: job.name });
      for (const link of state.links.values()) if (leaves(link)) link.send({ kind: "drain", why: `${name} is closed` });
      for (const until = clock.now() + settings.closeMs; !isQuiet() && clock.now() < until && !signal.aborted; ) await clock.sleep(quietMs, signal).catch(() => {});
      // An engine that does not answer is not waited for for ever: what it has not answered is undecided, and comes again.
      const late = new AbortController();
      await Promise.race([Promise.all([commits.settled(), collection.settled()]), clock.sleep(settings.closeMs, AbortSignal.any([late.signal, signal])).catch(() => {})]);
      late.abort();
      leadership.lost.removeEventListener("abort", depose);
      end(error, undefined);
    }
    await leadership.release();
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
    snapshot: () => takeSnapshot(state, name, whyPaused()),
    watch: (onChange) => watchers.watch(onChange),
    ended,
    close: (options = {}) => (closing ??= close(options)),
  };
}
