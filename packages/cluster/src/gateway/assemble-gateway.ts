import { ShoalError, silentLogger, systemDate } from "@shoal/core";
import { cutText } from "../connection/cut-text.ts";
import { longestText } from "../connection/schemas/parts.ts";
import { AskGate } from "./jobs/ask-gate.ts";
import { BlobCollection } from "./blob-collection.ts";
import { checkResultHere } from "./results/check-result.ts";
import { LedgerCommits } from "./results/ledger-commits.ts";
import { Connections } from "./connections.ts";
import { EngineReach } from "./elsewhere/engine-reach.ts";
import { EngineTrouble } from "./engine-trouble.ts";
import { gatewayClock } from "./gateway-clock.ts";
import type { GatewayParts } from "./gateway-parts.ts";
import { defaultGatewaySettings } from "./gateway-settings.ts";
import type { GatewayState } from "./gateway-state.ts";
import { HeldInputs } from "./jobs/held-inputs.ts";
import { InputNames } from "./jobs/input-names.ts";
import { InviteBook } from "./invites/invite-book.ts";
import { JobDesk } from "./jobs/job-desk.ts";
import { Elsewhere } from "./elsewhere/elsewhere.ts";
import { GatewayTalk } from "./elsewhere/gateway-talk.ts";
import { JobRoles } from "./elsewhere/job-roles.ts";
import { performEffect } from "./perform-effects.ts";
import { PassingResults } from "./results/passing-results.ts";
import { RecentBytes } from "./results/recent-bytes.ts";
import { Refusals } from "./workers/refusals.ts";
import { ResultIntake } from "./results/result-intake.ts";
import { ResultSamples } from "./snapshot/result-samples.ts";
import { SchedulerLoop } from "./scheduler-loop.ts";
import { Watchers } from "./snapshot/watchers.ts";
import { assertSameStore } from "./same-store.ts";
import { engineSecret } from "./invites/engine-secret.ts";

/** The parts of a gateway. */
export interface GatewayModules {
  readonly state: GatewayState;
  readonly watchers: Watchers;
  readonly trouble: EngineTrouble;
  readonly commits: LedgerCommits;
  readonly asks: AskGate;
  readonly intake: ResultIntake;
  readonly elsewhere: Elsewhere;
  readonly collection: BlobCollection;
  readonly reach: EngineReach;
  readonly roles: JobRoles;
  readonly talk: GatewayTalk;
  readonly desk: JobDesk;
  readonly invites: InviteBook;
  readonly connections: Connections;
  /** Ends the gateway. */
  readonly over: AbortController;
  /** Before that: nothing more is taken up. */
  readonly closing: AbortController;
}

/** Puts them together, each with what it works with. Nothing of it has begun. */
export function assembleGateway(parts: GatewayParts, epoch: number): GatewayModules {
  const { engine, random, files, log = silentLogger, date = systemDate, onNotice = () => {} } = parts;
  // Told to everybody, who take no longer one.
  const name = cutText(parts.name, longestText.title);
  const settings = { ...defaultGatewaySettings, ...parts.settings };
  const over = new AbortController();
  const closing = new AbortController();
  const { signal } = over;
  const clock = gatewayClock(parts.clock, signal);
  const refusals = new Refusals();
  /** A mistake of ours costs what it was made with, and is seen. */
  const mistake = (thrown: unknown): void => {
    const error = ShoalError.from(thrown);
    refusals.count(error.code);
    try {
      log.warn(`The gateway made a mistake, and goes on: ${error.message}`);
    } catch {
      // The caller's logger made another one, which is not to cost more than the first.
    }
  };
  const watchers = new Watchers(clock, settings.watchMs, signal, mistake);
  const scheduler = { maxOpenBytes: Math.floor(settings.heldBytes / 2), ...parts.scheduler, epoch };
  const state: GatewayState = {
    engine, name, files, clock, date, random, log, settings, signal, closing: closing.signal,
    loop: new SchedulerLoop(scheduler, clock, (effect) => performEffect(state, commits, asks, elsewhere, effect), mistake),
    jobs: new Map(), workers: new Map(), links: new Map(),
    inputs: new HeldInputs(), recent: new RecentBytes(settings.recentBytes), passing: new PassingResults(engine, epoch), refusals,
    changed: () => watchers.changed(),
  };
  const trouble = new EngineTrouble(state, (message) => {
    log.warn(message);
    onNotice(message);
  });
  const commits = new LedgerCommits(state, trouble, (job, task, committed) => elsewhere.decided(job, task, committed));
  const asks = new AskGate(state);
  const takeEarly = (job: string): void => intake.takeEarly(job);
  const elsewhere: Elsewhere = new Elsewhere(state, commits, trouble, { takeEarly, helps: (job) => void talk.help(job).catch(() => {}) });
  const intake: ResultIntake = new ResultIntake(state, {
    check: parts.checkResult ?? checkResultHere, trustsOwn: parts.trustsOwnWorkers === true, trouble, samples: new ResultSamples(state),
    claims: elsewhere.claims, lookElsewhere: (job, epoch) => void elsewhere.guests.look(job, epoch).catch(() => {}),
  });
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
  const desk: JobDesk = new JobDesk(state, trouble, { roles, talk, elsewhere, takeEarly });
  const invites = new InviteBook({ engine, clock, date, random, secret: parts.secret, signal });
  const connections: Connections = new Connections(state, invites, intake, reach, { desk, asks, collection, claims: elsewhere.claims, names: new InputNames(state.passing, parts.secret), heldBy: (job, place, input) => elsewhere.heldBy(job, place, input) });

  return { state, watchers, trouble, commits, asks, intake, elsewhere, collection, reach, roles, talk, desk, invites, connections, over, closing };
}
