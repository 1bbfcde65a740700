import type { Logger, Resources, Row } from "@shoal/core";
import type { OnError } from "@shoal/planner";
import type { Environment, RemoteRunner, RunEvent } from "@shoal/executor";

/** How a consuming call runs. Every one takes them; those of the `shoal` command fill in what is not given. */
export interface RunSettings {
  /** Ends the run at the next batch boundary and frees everything it holds. */
  readonly signal?: AbortSignal;
  /** For steps that say nothing themselves. Default `"fail"`. */
  readonly onError?: OnError;
  /** The run fails when more rows than this have failed. */
  readonly maxErrors?: number;
  /** Default true; false lets a stage hand blocks on as they finish. */
  readonly preserveOrder?: boolean;
  /** What the run may use; what is not declared is detected. */
  readonly resources?: Partial<Resources>;
  /** Bytes of blocks that may be under way. */
  readonly budgetBytes?: number;
  readonly onEvent?: (event: RunEvent) => void;
  /** Shows progress on standard error: a bar on a terminal, a line every few seconds on a pipe. Off in a library. */
  readonly progress?: boolean;
  /** Where dead letters go (a JSONL file) when there is no sink that keeps them. */
  readonly deadLetters?: string;
  /** No more than so many rows: for trying a job out. */
  readonly limit?: number;
  /**
   * Goes on with what an earlier run of the same job has left unfinished (killed, interrupted, failed); with nothing to resume it starts at the
   * first row; the command's `--resume` says so. What a coordinator keeps is gone on with there alone: without that `on` the run is refused (`resume-changed`). For runs with a sink that writes files.
   */
  readonly resume?: boolean;
  /** Starts the worker of one actor, where a bundler hides modules from actors: its file calls `serveActors({ score })`. */
  readonly worker?: () => object;
  readonly log?: Logger;
  /**
   * The coordinator whose workers run what can travel; {@link Dataset.explain} says what that is. All else runs here. A plan with predictors of
   * which none can travel is refused (`nothing-travels`); one without any runs here.
   */
  readonly on?: RemoteRunner;
  /** With `on`: tabs of volunteers may see the rows. Default false. */
  readonly volunteers?: boolean;
  /** With `on`: what dashboards and volunteers' pages call the job. Default: what its first model is called. */
  readonly name?: string;
  /** With `on`: what the rows are, in a sentence for volunteers. */
  readonly note?: string;
  /** With `on`: of several jobs those with the highest priority get workers first. Default 0. */
  readonly priority?: number;
}

/** What one run is given. Disposed when it is over. */
export interface RunEnvironment extends Environment, AsyncDisposable {
  /** Told of a run whose rows a program takes by hand: whether it waits for the next, or has them and may not come again. */
  readonly pulled?: (isPulled: boolean) => void;
}

/** What a dataset runs on. `shoal` has one per JavaScript runtime; `testing` has one with faults. */
export interface DatasetRuntime {
  /** Settings of the process, as the command line gave them. */
  readonly settings: RunSettings;
  /** Everything one run needs: hosts, resources, clock. */
  open(settings: RunSettings): Promise<RunEnvironment>;
  /** Where `show` prints. */
  print(row: Row): void;
}
