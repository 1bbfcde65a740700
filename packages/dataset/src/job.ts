import { assertNotInsideActor, type Datasink, type SinkResult } from "@shoal/core";
import { runToSink, type RunStats } from "@shoal/executor";
import { plan } from "@shoal/planner";
import { limited, planOptions, refuseReadLetters } from "./consume.ts";
import type { Dataset } from "./dataset.ts";
import { mergeSettings } from "./merge-settings.ts";
import { openRemote } from "./open-remote.ts";
import type { RunSettings } from "./run-settings.ts";
import { trialSink } from "./trial-sink.ts";

/** What a job that ended well gives: its output, and how the run went. */
export interface JobReport {
  /** What appeared, and where. */
  readonly result: SinkResult;
  readonly stats: RunStats;
}

/** One submitted plan: a dataset and where its rows go. Nothing runs before {@link Job.run}. */
export class Job<R extends object = Record<string, unknown>> {
  readonly dataset: Dataset<R>;
  readonly sink: Datasink;
  readonly #onStats: (stats: RunStats) => void;

  constructor(dataset: Dataset<R>, sink: Datasink, onStats: (stats: RunStats) => void = () => {}) {
    this.dataset = dataset;
    this.sink = sink;
    this.#onStats = onStats;
  }

  /**
   * Runs the job. The output appears whole under its name at the end, or not at all.
   * What it has done when it ends early is kept beside the output: with `{ resume: true }` the next run goes on from there.
   * @throws `output-exists`, `output-is-input`, `output-unfinished`, `nothing-travels` before anything is read; with `resume`: `resume-changed`, `device-changed`; what a step
   * threw, with step, row and reason.
   */
  async run(settings: RunSettings = {}): Promise<JobReport> {
    assertNotInsideActor();
    const merged = mergeSettings(this.dataset.runtime.settings, settings);
    const sink = trialSink(this.sink, this.dataset.runtime.settings, settings);
    const { physical } = plan(limited(this.dataset.plan, merged), planOptions(merged));
    await using environment = await this.dataset.runtime.open(merged);
    await refuseReadLetters(physical, merged);
    await using remote = await openRemote(physical, merged, environment);
    const notices = sink === this.sink ? [] : [`This is a trial, of ${merged.limit} rows at most: they go to ${sink.name}, beside ${this.sink.name}.`];
    const report = await runToSink(physical, sink, { ...remote.environment, notices: [...notices, ...(remote.environment.notices ?? [])] }, { resume: merged.resume ?? false, tellsFreshStart: this.dataset.runtime.settings.resume === true });
    await remote.published();
    this.#onStats(report.stats);
    return report;
  }

  /** The plan as asked for, the plan that would run, and the sink, as text. Runs nothing. */
  explain(settings: RunSettings = {}): string {
    return `${this.dataset.explain(settings)}\nto ${this.sink.name}`;
  }
}
