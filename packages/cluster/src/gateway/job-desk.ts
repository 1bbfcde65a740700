import { ShoalError } from "@shoal/core";
import type { JobDescription } from "../connection/messages.ts";
import type { DriverLink } from "./driver-link.ts";
import { dropJob, pauseJob } from "./end-job.ts";
import type { EngineTrouble } from "./engine-trouble.ts";
import type { FileStore } from "./file-store.ts";
import { GatewayJob } from "./gateway-job.ts";
import type { GatewayState } from "./gateway-state.ts";
import { filesOf } from "./model-files.ts";
import { assertSameJob, committedBlocks, readLedger } from "./open-job.ts";

/** Drivers bring jobs, come back to them, and stay away. */
export class JobDesk {
  readonly #state: GatewayState;
  readonly #files: FileStore | undefined;
  readonly #trouble: EngineTrouble;
  readonly #onOpened: (job: string) => void;
  readonly #onDeposed: () => void;
  readonly #opening = new Map<GatewayJob, Promise<void>>();

  constructor(state: GatewayState, files: FileStore | undefined, trouble: EngineTrouble, on: { readonly opened: (job: string) => void; readonly deposed: () => void }) {
    this.#state = state;
    this.#files = files;
    this.#trouble = trouble;
    this.#onOpened = on.opened;
    this.#onDeposed = on.deposed;
  }

  /** A job is there when this resolves; blocks of it are asked for once its files are here too. */
  async submit(description: JobDescription, driver: DriverLink): Promise<GatewayJob> {
    const { jobs, loop } = this.#state;
    assertNameIsFree(description.job);
    const known = jobs.get(description.job);
    const missing = await this.#missingFiles(description);
    if (known !== undefined && !known.isOver) {
      assertSameJob(known, description);
      if (known.driver !== undefined && known.driver !== driver) {
        if (!driver.comesAfter(known.driver)) throw runsElsewhere(known.name);
        known.driver.replaced(known);
      }
      driver.took(known);
      await this.#opening.get(known);
      known.missingFiles = missing;
      for (const segment of known.segments) segment.restart();
      loop.tell({ kind: "job-submitted", spec: known.spec });
      return known;
    }
    const running = [...jobs.values()].filter(({ isOver }) => !isOver).length;
    if (running >= this.#state.settings.jobs) throw new ShoalError("too-many-jobs", `${running} jobs run here already.`, { hint: "Bring it again when some of them have ended." });
    const job = new GatewayJob(description, this.#state.date());
    // To the end of those that are shown.
    jobs.delete(job.name);
    jobs.set(job.name, job);
    job.missingFiles = missing;
    driver.took(job);
    const opening = this.#open(job);
    this.#opening.set(job, opening);
    try {
      await opening;
    } finally {
      this.#opening.delete(job);
    }
    return job;
  }

  async #open(job: GatewayJob): Promise<void> {
    try {
      await readLedger(this.#state, job);
    } catch (error) {
      dropJob(this.#state, job);
      if (ShoalError.is(error, "gateway-deposed")) this.#onDeposed();
      throw error;
    }
    job.state = "running";
    if (this.#trouble.why !== undefined) pauseJob(this.#state, job, "disk");
    this.#state.changed();
    this.#onOpened(job.name);
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
      if (job.isOver || job.driverLostAt === undefined || job.driver !== undefined) continue;
      const awayMs = clock.now() - job.driverLostAt;
      if (awayMs >= settings.driverGoneMs) dropJob(this.#state, job);
      else if (awayMs >= settings.driverGraceMs && !job.pausedBy.has("driver")) pauseJob(this.#state, job, "driver");
    }
  }

  async #missingFiles(description: JobDescription): Promise<Set<string>> {
    const missing = new Set<string>();
    for (const sha256 of filesOf(description)) {
      if (this.#files === undefined) throw new ShoalError("no-file-store", `Job ${description.job} brings files, and this coordinator keeps none.`, { hint: "Start it with a folder: shoal serve --folder <folder>." });
      if (!(await this.#files.has(sha256))) missing.add(sha256);
    }
    return missing;
  }
}

function runsElsewhere(job: string): ShoalError {
  return new ShoalError("job-taken", `Job ${job} has a driver already, which is connected.`, { hint: "Wait until that run has ended; if its process is gone, its connection will be noticed as lost within a minute.", failure: "bug" });
}

/** Names that begin with ~ are the gateway's own. */
function assertNameIsFree(job: string): void {
  if (job.startsWith("~")) throw new ShoalError("bad-option", `A job can't be called "${job}".`, { hint: "Let its name begin with a letter or a digit." });
}
