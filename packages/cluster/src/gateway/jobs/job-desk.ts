import { ShoalError } from "@shoal/core";
import type { JobDescription } from "../../connection/messages.ts";
import type { DriverLink } from "./driver-link.ts";
import type { Elsewhere } from "../elsewhere/elsewhere.ts";
import { dropJob, pauseJob, resumeJob } from "./end-job.ts";
import type { EngineTrouble } from "../engine-trouble.ts";
import { GatewayJob } from "./gateway-job.ts";
import type { GatewayState } from "../gateway-state.ts";
import type { GatewayTalk } from "../elsewhere/gateway-talk.ts";
import type { JobRoles } from "../elsewhere/job-roles.ts";
import { filesOf } from "./model-files.ts";
import { assertSameJob, committedBlocks, deposed, readLedger } from "./open-job.ts";
import { isOwnLedger } from "../own-ledgers.ts";
import { runsElsewhere, takeRole } from "../elsewhere/take-role.ts";

export interface JobDeskParts {
  readonly roles: JobRoles;
  readonly talk: GatewayTalk;
  readonly elsewhere: Elsewhere;
  /** Results that came before may be looked at. */
  readonly takeEarly: (job: string) => void;
}

const heardWithinMs = 2_000;

/** Drivers bring jobs, come back to them, and stay away. */
export class JobDesk {
  readonly #state: GatewayState;
  readonly #trouble: EngineTrouble;
  readonly #parts: JobDeskParts;
  readonly #opening = new Map<GatewayJob, Promise<void>>();

  constructor(state: GatewayState, trouble: EngineTrouble, parts: JobDeskParts) {
    this.#state = state;
    this.#trouble = trouble;
    this.#parts = parts;
  }

  /** A job is there when this resolves; blocks of it are asked for once its files are here too. */
  async submit(description: JobDescription, driver: DriverLink): Promise<GatewayJob> {
    const { jobs, loop } = this.#state;
    assertNameIsFree(description.job);
    const missing = await this.#missingFiles(description);
    const known = jobs.get(description.job);
    if (known?.guest !== undefined && !this.#opening.has(known)) {
      assertSameJob(known, description);
      return this.#lead(known, missing, driver);
    }
    if (known !== undefined && !known.isOver) {
      assertSameJob(known, description);
      const before = known.driver;
      // One whose connection is closed stays the job's until all is heard that it has said, and that may wait for the engine.
      if (before?.isOpen === true && before !== driver) {
        if (!driver.comesAfter(before)) throw runsElsewhere(known.name);
        before.replaced(known);
      }
      driver.took(known);
      await this.#opening.get(known);
      known.missingFiles = missing;
      for (const segment of known.segments) segment.offerAnew();
      loop.tell({ kind: "job-submitted", spec: known.spec });
      return known;
    }
    const running = [...jobs.values()].filter(({ isOver, guest }) => !isOver && guest === undefined).length;
    if (running >= this.#state.settings.jobs) throw new ShoalError("too-many-jobs", `${running} jobs run here already.`, { hint: "Bring it again when some of them have ended." });
    const job = new GatewayJob(description, this.#state.date());
    // Of one that is over the role may still be held: nobody else has it.
    if (known !== undefined) void this.#parts.roles.release(known);
    // To the end of those that are shown.
    jobs.delete(job.name);
    jobs.set(job.name, job);
    return this.#lead(job, missing, driver);
  }

  /** It is led here as soon as nobody else leads it; where it is helped with until then, that goes on. */
  async #lead(job: GatewayJob, missing: Set<string>, driver: DriverLink): Promise<GatewayJob> {
    job.missingFiles = missing;
    driver.took(job);
    const opening = this.#open(job, driver);
    this.#opening.set(job, opening);
    try {
      await opening;
    } finally {
      this.#opening.delete(job);
    }
    return job;
  }

  async #open(job: GatewayJob, driver: DriverLink): Promise<void> {
    const { roles, talk, elsewhere, takeEarly } = this.#parts;
    try {
      const { role, wasHeld } = await takeRole(this.#state, roles, talk, job.name, driver);
      if (job.guest !== undefined) elsewhere.guests.leave(job);
      // It may have been let go of while its role was waited for.
      this.#state.jobs.set(job.name, job);
      roles.hold(job, role);
      const { hasHelpers, claims, held } = await readLedger(this.#state, job);
      if (job.role === undefined) throw deposed(job.name);
      job.state = "running";
      // Who follows a job forgets its claims when it ends.
      if (hasHelpers || wasHeld || claims.length > 0) elsewhere.lending.follow(job);
      elsewhere.lending.heldBefore(job, held);
      for (const claim of claims) elsewhere.claims.heard(job, claim);
    } catch (error) {
      await roles.release(job);
      if (job.guest === undefined) dropJob(this.#state, job);
      else job.driver = undefined;
      throw error;
    }
    if (this.#trouble.why !== undefined) pauseJob(this.#state, job, "disk");
    this.#state.changed();
    takeEarly(job.name);
  }

  /** The role is lost, or given up: its driver looks for another gateway, what workers here have still counts. @param why what its driver is told, where it is here */
  putDown(job: GatewayJob, why = deposed(job.name)): void {
    const { driver } = job;
    const { elsewhere } = this.#parts;
    job.driver = undefined;
    job.driverLostAt = undefined;
    const lent = elsewhere.lending.keysOf(job);
    elsewhere.lending.leave(job);
    // Whoever takes it up is to know first what workers here have of it, and what is on its way to others.
    void this.#releaseWhenHeard(job, lent);
    if (job.isOver) dropJob(this.#state, job);
    else if (job.state === "running" && this.#state.jobs.get(job.name) === job) {
      elsewhere.guests.becomeGuest(job);
      resumeJob(this.#state, job, "driver");
    }
    driver?.lost(job, why);
  }

  /** An engine that does not answer is not waited for. */
  async #releaseWhenHeard(job: GatewayJob, lent: readonly string[]): Promise<void> {
    const { clock, signal } = this.#state;
    const { elsewhere, roles } = this.#parts;
    const heard = new AbortController();
    const isHeard = job.isOver ? Promise.resolve() : elsewhere.inlet.news.sayOf(job, lent);
    await Promise.race([isHeard, clock.sleep(heardWithinMs, AbortSignal.any([signal, heard.signal]))]).catch(() => {});
    heard.abort();
    await roles.release(job);
  }

  /** Another gateway has the driver of a job that is led here. Whether that one may lead it now: unless another driver is connected. */
  async letGo(name: string, driver: string, isProven: boolean): Promise<boolean> {
    const opening = this.#state.jobs.get(name);
    // Its driver may have gone on while this one took the job up for it.
    if (opening !== undefined) await this.#opening.get(opening)?.catch(() => {});
    const job = this.#state.jobs.get(name);
    if (job?.role === undefined) return true;
    if (job.driver !== undefined && !(job.driver.name === driver && isProven)) return false;
    this.putDown(job);
    return true;
  }

  committedBlocks(job: GatewayJob): number {
    return committedBlocks(this.#state, job);
  }

  /** Its ledger goes. */
  async remove(job: string): Promise<void> {
    assertNameIsFree(job);
    for (;;) {
      try {
        return await this.#state.engine.ledger.remove(job);
      } catch (error) {
        if (!ShoalError.is(error, "engine-paused")) throw error;
        await this.#state.clock.sleep(1_000, this.#state.signal);
      }
    }
  }

  /** Jobs whose drivers have been away for long are leased no more, and then let go. */
  mindAbsence(): void {
    const { jobs, clock, settings } = this.#state;
    for (const job of jobs.values()) {
      if (job.isOver || job.guest !== undefined || job.driverLostAt === undefined || job.driver !== undefined) continue;
      const awayMs = clock.now() - job.driverLostAt;
      if (awayMs >= settings.driverGoneMs) dropJob(this.#state, job);
      else if (awayMs >= settings.driverGraceMs && !job.pausedBy.has("driver")) pauseJob(this.#state, job, "driver");
    }
  }

  async #missingFiles(description: JobDescription): Promise<Set<string>> {
    const { files } = this.#state;
    const missing = new Set<string>();
    for (const sha256 of filesOf(description)) {
      if (files === undefined) throw new ShoalError("no-file-store", `Job ${description.job} brings files, and this coordinator keeps none.`, { hint: "Start it with a folder: shoal serve --folder <folder>." });
      if (!(await files.has(sha256))) missing.add(sha256);
    }
    return missing;
  }
}

/** Names that begin with ~ are the gateway's own. */
function assertNameIsFree(job: string): void {
  if (isOwnLedger(job)) throw new ShoalError("bad-option", `A job can't be called "${job}".`, { hint: "Let its name begin with a letter or a digit." });
}
