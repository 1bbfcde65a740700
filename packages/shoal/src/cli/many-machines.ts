import { hostname } from "node:os";
import type { Command } from "commander";
import { ShoalError, type Logger } from "@shoal/core";
import type { RunSettings } from "@shoal/dataset";
import type { RemoteJobSettings, RemoteRunner } from "@shoal/executor";
import type { Snapshot } from "@shoal/cluster";
import { shareFolder } from "../cluster/share-folder.ts";
import type { Share } from "../cluster/share.ts";
import { CalmNews } from "./calm-news.ts";
import { commandName } from "./command-name.ts";
import { coordinatorOptions, withCoordinatorFlags, type CoordinatorFlags } from "./coordinator-flags.ts";
import { shareIsKeptIn } from "./flag-hints.ts";
import { linksText, type Links } from "./links-text.ts";

/** Flags of a run that may go to more than this process. */
export interface ManyMachinesFlags extends CoordinatorFlags {
  readonly share?: true;
  readonly on?: string;
  readonly dashboard?: true;
  readonly volunteers?: true;
  readonly code?: true;
  readonly name?: string;
  readonly note?: string;
  readonly cpus?: number;
  readonly gpus?: number;
  readonly memory?: number;
}

export function withManyMachinesFlags(command: Command): Command {
  command
    .option("--share", "let others help: this machine computes, and prints links for machines and tabs that join")
    .option("--on <link>", "run on a coordinator's workers, by the link that shoal serve prints beside \"Bring a job\"; what can't travel runs here")
    .option("--dashboard", "watch the run in a browser: prints a link for this machine")
    .option("--volunteers", "with --share or --on: tabs, and everybody with the link, may see the rows and help")
    .option("--code", "with --share or --on: send predictors of your own along as code, to workers started with --allow-code (needs the package rolldown)")
    .option("--name <name>", "what others see the job called (default: after its file)")
    .option("--note <sentence>", "what its rows are, for volunteers");
  return withCoordinatorFlags(command, "with --share or --dashboard: ");
}

/** What of this is said to the person, and how. */
export interface ManyMachinesReport {
  /** A coordinator is there. `text`: its links for people. */
  links(url: string, links: Links, text: string): void;
  note(message: string): void;
  readonly log?: Logger;
}

/** Where the runs of a command go that asked for more than this process. What it needs begins with the first run, and ends with the command. */
export class ManyMachines implements AsyncDisposable {
  readonly #flags: ManyMachinesFlags;
  readonly #report: ManyMachinesReport;
  readonly #isAlone: boolean;
  #output: string | undefined;
  #opened: Promise<Opened> | undefined;
  /** Of the run that is under way. */
  #tell: (message: string) => void = () => {};

  /** Undefined where nothing of the kind was asked for. */
  static of(flags: ManyMachinesFlags, report: ManyMachinesReport): ManyMachines | undefined {
    return flags.share || flags.dashboard || flags.on !== undefined ? new ManyMachines(flags, report) : undefined;
  }

  /** For a run that goes on with what a shared one has left, on this machine alone. */
  static alone(flags: ManyMachinesFlags, report: ManyMachinesReport): ManyMachines {
    return new ManyMachines(flags, report, true);
  }

  private constructor(flags: ManyMachinesFlags, report: ManyMachinesReport, isAlone = false) {
    [this.#flags, this.#report, this.#isAlone] = [flags, report, isAlone];
  }

  /** @param title what the job is called unless a flag says otherwise */
  settings(title: string): Pick<RunSettings, "on" | "volunteers" | "name" | "note"> {
    const { volunteers, name = title, note } = this.#flags;
    return { on: this.#runner(), volunteers: volunteers === true, name, ...(note !== undefined && { note }) };
  }

  /** Before the run: beside this a killed run is continued from. */
  outputAt(path: string | undefined): void {
    this.#output = path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#opened?.catch(() => undefined))?.close();
  }

  #runner(): RemoteRunner {
    const name = this.#flags.on === undefined ? "this coordinator" : "the coordinator";
    return {
      name,
      takesCode: this.#flags.code === true,
      mayJoin: this.#flags.share === true || this.#flags.on !== undefined,
      ...(this.#flags.on === undefined && { whenAllStays: { note: `So no coordinator is started, and ${idle(this.#flags)}.`, mayRunHere: this.#flags.share === undefined } }),
      openJob: async (settings: RemoteJobSettings) => {
        this.#tell = settings.onNotice;
        const { runner } = await (this.#opened ??= this.#open());
        return runner.openJob(settings);
      },
    };
  }

  #open(): Promise<Opened> {
    return this.#flags.on === undefined ? this.#openShare() : this.#connect(this.#flags.on);
  }

  async #connect(link: string): Promise<Opened> {
    const { connect } = await import("../cluster/connect.ts");
    const { log } = this.#report;
    const cluster = await connect(link, { code: this.#flags.code === true, ...(log !== undefined && { log }) });
    this.#report.note(`This run is on the coordinator ${cluster.name}.`);
    return { runner: cluster, close: async () => cluster[Symbol.asyncDispose]() };
  }

  async #openShare(): Promise<Opened> {
    const { ownWorker, share } = await import("../cluster/share.ts");
    const { qrCode } = await import("@shoal/coordinator");
    const { cpus, gpus, memory, share: hasGuests, volunteers, dashboard } = this.#flags;
    const folder = hasGuests || this.#isAlone ? shareFolder(this.#output) : undefined;
    shareIsKeptIn(folder);
    const shared = await share({
      ...coordinatorOptions(this.#flags),
      name: hostname(),
      ...(folder !== undefined && { folder }),
      code: this.#flags.code === true,
      // What guests send and is refused, among others.
      log: this.#report.log ?? { debug: () => {}, info: () => {}, warn: (message) => this.#tell(message) },
      resources: { ...(cpus !== undefined && { cpus }), ...(gpus !== undefined && { gpus }), ...(memory !== undefined && { memory }) },
      onNotice: (message) => this.#tell(message),
    });
    const { coordinator } = shared;
    const links: Links = {
      ...(hasGuests && volunteers && { volunteer: await coordinator.link(["work"], { volunteer: true }) }),
      ...(hasGuests && { work: await coordinator.link(["work"]) }),
      // Whoever sits here may also see the links there, and take them back.
      dashboard: await coordinator.link(hasGuests ? ["observe", "submit"] : ["observe"], { page: "dashboard" }),
    };
    if (!this.#isAlone || dashboard) this.#report.links(coordinator.url, links, linksText(links, qrCode, commandName()));
    if (hasGuests) {
      for (const line of coordinator.advice) this.#report.note(line);
      if (!volunteers) this.#report.note("Tabs and phones don't see these rows. --volunteers lets everybody help who has the link for them.");
    }
    const stop = this.#tellOfGuests(shared, ownWorker.name);
    return {
      runner: shared.cluster,
      close: async () => {
        stop();
        await shared[Symbol.asyncDispose]();
      },
    };
  }

  #tellOfGuests({ coordinator: { gateway } }: Share, host: string): () => void {
    const guests = ({ workers }: Snapshot) => workers.filter(({ worker }) => worker !== host);
    const calm = new CalmNews(performance.now(), "other worker");
    let before = guests(gateway.snapshot());
    return gateway.watch(() => {
      const after = guests(gateway.snapshot());
      for (const line of calm.lines(before, after, performance.now())) this.#tell(line);
      before = after;
    });
  }
}

interface Opened {
  readonly runner: RemoteRunner;
  close(): Promise<void>;
}

/** Flags that are for nothing without a coordinator. */
function idle(flags: ManyMachinesFlags): string {
  const given = (["share", "dashboard", "volunteers", ...listening] as const).filter((name) => flags[name] !== undefined).map(flagOf);
  return given.length === 1 ? `${given[0]} has no effect` : `${given.slice(0, -1).join(", ")} and ${given.at(-1)} have no effect`;
}

function flagOf(name: string): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

const listening = ["host", "port", "https", "cert", "key", "baseUrl"] as const;

/** @throws `bad-option` for flags that contradict one another; `bad-link` */
export async function checkManyMachinesFlags(flags: ManyMachinesFlags): Promise<void> {
  const { share, on, dashboard, volunteers, code, note } = flags;
  const refuse = (message: string, hint: string): never => {
    throw new ShoalError("bad-option", message, { hint, failure: "bug" });
  };
  if (on !== undefined && share) refuse("--share and --on contradict each other.", "--share makes a coordinator of this process; --on uses one that runs elsewhere.");
  if (on !== undefined && dashboard) refuse("--dashboard has no effect with --on.", "Open the dashboard's link that shoal serve printed.");
  const flag = listening.find((name) => flags[name] !== undefined);
  if (flag !== undefined && !share && !dashboard) refuse(`${flagOf(flag)} has no effect without --share or --dashboard.`, "Add --share, or leave it out.");
  if (volunteers && !share && on === undefined) refuse("--volunteers has no effect without --share or --on.", "Add --share.");
  if (code && !share && on === undefined) refuse("--code has no effect without --share or --on.", "Add --share.");
  if (note !== undefined && !share && on === undefined) refuse("--note has no effect without --share or --on.", "Add --share.");
  if (share || dashboard) coordinatorOptions(flags);
  if (on !== undefined) (await import("@shoal/cluster")).parseLink(on);
}
