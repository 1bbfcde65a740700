import { hostname } from "node:os";
import type { RunSettings } from "@shoal/dataset";
import type { RemoteJobSettings, RemoteRunner } from "@shoal/executor";
import type { Snapshot } from "@shoal/cluster";
import { shareFolder } from "../cluster/share-folder.ts";
import type { Share } from "../cluster/share.ts";
import { CalmNews } from "./calm-news.ts";
import { commandName } from "./command-name.ts";
import { coordinatorOptions } from "./coordinator-flags.ts";
import { ownWorkers } from "./coordinator-news.ts";
import { declaredResources } from "./declared-resources.ts";
import { shareIsKeptIn } from "./flag-hints.ts";
import { linksText, type Links } from "./links-text.ts";
import { idle, type ManyMachinesFlags } from "./many-machines-flags.ts";

/** What of this is said to the person, and how. */
export interface ManyMachinesReport {
  /** A coordinator is there. `text`: its links for people. */
  links(url: string, links: Links, text: string): void;
  note(message: string): void;
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
    // A plan that says what would travel as code is asked for those who take it, and nobody is connected to.
    const onlyExplains = flags.explain && flags.code;
    return flags.share || flags.dashboard || onlyExplains || flags.on !== undefined ? new ManyMachines(flags, report) : undefined;
  }

  /** For a run that goes on with what a shared one has left, on this machine alone. */
  static alone(flags: ManyMachinesFlags, report: ManyMachinesReport): ManyMachines {
    return new ManyMachines(flags, report, true);
  }

  /** Loads what {@link of} will need. Best before the loader of TypeScript: on Node 20 all modules that come after it go through a thread of their own. */
  static async load({ share, dashboard, on }: ManyMachinesFlags): Promise<void> {
    if (on !== undefined) await Promise.all([import("../cluster/connect.ts"), import("../cluster/open-cluster.ts"), import("#agent-runtime").then(({ socketOpener }) => socketOpener())]);
    else if (share || dashboard) await Promise.all([import("../cluster/share.ts"), import("@shoal/coordinator")]);
  }

  private constructor(flags: ManyMachinesFlags, report: ManyMachinesReport, isAlone = false) {
    [this.#flags, this.#report, this.#isAlone] = [flags, report, isAlone];
  }

  /** @param title what the job is called unless a flag says otherwise */
  settings(title: string): Pick<RunSettings, "on" | "volunteers" | "name" | "note" | "priority"> {
    const { volunteers, name = title, note, priority } = this.#flags;
    return { on: this.#runner(), volunteers: volunteers === true, name, ...(note !== undefined && { note }), ...(priority !== undefined && { priority }) };
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
        // Links to a run that can't begin would only be passed on in vain.
        if (this.#opened === undefined && settings.plan !== undefined) await (await import("../cluster/check-models.ts")).checkModels(settings.plan, settings.signal);
        const { runner } = await (this.#opened ??= this.#open(settings));
        return runner.openJob(settings);
      },
    };
  }

  #open({ plan, signal }: RemoteJobSettings): Promise<Opened> {
    return this.#flags.on === undefined ? this.#openShare(plan) : this.#connect(this.#flags.on, signal);
  }

  async #connect(link: string, signal: AbortSignal): Promise<Opened> {
    const { connect } = await import("../cluster/connect.ts");
    const { code = false, resume = false } = this.#flags;
    let isConnected = false;
    // What is said later its runs say.
    const log = { debug: () => {}, info: (message: string) => (isConnected ? undefined : this.#report.note(message)), warn: () => {} };
    const cluster = await connect(link, { code, log, signal, ...(resume && { patienceMs: restartMs }) });
    isConnected = true;
    this.#report.note(`This run is on the coordinator ${cluster.name}.`);
    return { runner: cluster, close: async () => cluster[Symbol.asyncDispose]() };
  }

  async #openShare(plan: RemoteJobSettings["plan"]): Promise<Opened> {
    const { ownWorker, shareFor } = await import("../cluster/share.ts");
    const { isOnlyHere, qrCode } = await import("@shoal/coordinator");
    const { share: isShared, volunteers, dashboard } = this.#flags;
    const folder = isShared || this.#isAlone ? shareFolder(this.#output) : undefined;
    shareIsKeptIn(folder);
    const shared = await shareFor(plan, {
      ...coordinatorOptions(this.#flags),
      name: hostname(),
      ...(folder !== undefined && { folder }),
      code: this.#flags.code === true,
      // What other workers send and is refused, among others.
      log: { debug: () => {}, info: () => {}, warn: (message) => this.#tell(message) },
      resources: declaredResources(this.#flags),
      onNotice: (message) => this.#tell(message),
    });
    const { coordinator } = shared;
    const links: Links = {
      ...(isShared && volunteers && { volunteer: await coordinator.link(["work"], { volunteer: true }) }),
      ...(isShared && { work: await coordinator.link(["work"]) }),
      // Whoever sits here may also see the links there, and take them back.
      dashboard: await coordinator.link(isShared ? ["observe", "submit"] : ["observe"], { page: "dashboard" }),
    };
    if (!this.#isAlone || dashboard) this.#report.links(coordinator.url, links, linksText(links, { qrCode, isOnlyHere }, commandName()));
    if (isShared) {
      for (const line of coordinator.advice) this.#report.note(line);
      if (!volunteers) this.#report.note("Tabs and phones don't see these rows. --volunteers lets everybody help who has the link for them.");
    }
    const stop = this.#tellOfOthers(shared, ownWorker.name);
    return {
      runner: shared.cluster,
      close: async () => {
        stop();
        await shared[Symbol.asyncDispose]();
      },
    };
  }

  #tellOfOthers({ coordinator: { gateway } }: Share, host: string): () => void {
    const others = (snapshot: Snapshot) => ownWorkers(snapshot).filter(({ worker }) => worker !== host);
    const calm = new CalmNews(performance.now(), "other worker");
    let before = others(gateway.snapshot());
    const failures = new Set<string>();
    return gateway.watch(() => {
      const snapshot = gateway.snapshot();
      // It has no terminal of its own.
      const failure = snapshot.workers.find(({ worker }) => worker === host)?.lastFailure;
      if (failure !== undefined && failures.size < mostFailures && !failures.has(failure)) {
        failures.add(failure);
        this.#tell(`This machine failed at a block, which is tried again, or by another: ${failure}`);
      }
      const after = others(snapshot);
      for (const line of calm.lines(before, after, performance.now())) this.#tell(line);
      before = after;
    });
  }
}

/** Beyond that, nothing new is learnt from more. */
const mostFailures = 10;

/** A run that goes on may do so because the coordinator went: whoever starts both again need not start them in order. */
const restartMs = 60_000;

interface Opened {
  readonly runner: RemoteRunner;
  close(): Promise<void>;
}
