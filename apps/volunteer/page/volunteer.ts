import { AgentTether } from "./agent/agent-tether.ts";
import type { AgentReport, BeginMessage } from "./agent/agent-port.ts";
import { afterCrash, afterNotLoaded, afterReport, doneOfJob, finished, newWork, renewed, type Hold, type Work } from "./agent/work.ts";
import { keepSettings, readSettings, type Settings } from "./settings.ts";
import { AwakeScreen } from "./tab/awake-screen.ts";
import { watchPower } from "./tab/battery.ts";
import { findDevices } from "./tab/find-devices.ts";
import { linkOf, pageBase, readInvitation, type Invitation } from "./tab/invitation.ts";
import { incompleteLink, isProblem, readOffer } from "./tab/offer.ts";
import { watchPageLife } from "./tab/page-life.ts";
import { readProgramSize } from "./tab/program-size.ts";
import { TabMemory } from "./tab/tab-memory.ts";
import { claimWorkerName } from "./tab/worker-name.ts";
import { WorkingTabs } from "./tab/working-tabs.ts";
import { forgetStarted, keepStarted, readStarted } from "./started.ts";
import type { Scene, VolunteerState } from "./volunteer-state.ts";

/** A page that someone stays on after it asked to be left has its agent again so soon. */
const stayedMs = 1000;
/** While it works, the coordinator is asked so often how far the job is. */
const readEveryMs = 10_000;

/** The tab as a worker: what its owner asks of it, what its agent says, and what the browser does to it, as one state. */
export class Volunteer {
  readonly #memory = new TabMemory(pageBase());
  readonly #screen = new AwakeScreen();
  readonly #tabs = new WorkingTabs((others) => this.#set({ others }));
  readonly #tether: AgentTether;
  readonly #listeners = new Set<() => void>();
  #invitation: Invitation | undefined;
  #name = "";
  #paused = false;
  #stopping = false;
  #away = false;
  #leaving = false;
  #reading = new AbortController();
  #readAt = 0;
  #state: VolunteerState;

  constructor(createWorker: () => Worker) {
    this.#state = { scene: { kind: "reading" }, settings: readSettings(this.#memory), visible: !document.hidden, others: 0 };
    this.#tether = new AgentTether({
      createWorker,
      begin: () => this.#begin(),
      onReport: (report) => this.#onReport(report),
      onCrash: (why, retryMs) => this.#work((work) => afterCrash(work, why, Date.now() + retryMs)),
      onNotLoaded: (retryMs) => this.#work((work) => afterNotLoaded(work, Date.now() + retryMs)),
    });
  }

  /** Reads the link, and goes on where this tab was at work before it was reloaded. */
  async open(): Promise<void> {
    watchPageLife({
      onVisible: (visible) => this.#onVisible(visible),
      onLeaving: () => this.#leave(),
      onAway: () => { this.#away = true; this.#leave(); },
      onBack: () => this.#comeBack(),
    });
    addEventListener("hashchange", () => void this.read());
    addEventListener("online", () => void this.read());
    void findDevices().then((devices) => this.#set({ devices }));
    void readProgramSize(pageBase()).then((program) => program !== undefined && this.#set({ program }));
    void watchPower((power) => { this.#set({ power }); this.#hold(); });
    const started = readStarted(this.#memory);
    const { name, copied } = await claimWorkerName(this.#memory);
    this.#name = name;
    this.#invitation = readInvitation(this.#memory);
    if (copied) forgetStarted(this.#memory);
    else if (started !== undefined && this.#invitation !== undefined) {
      this.#paused = started.paused;
      this.#run(newWork(started.done, this.#holds(), started.job));
    }
    await this.read();
  }

  get state(): VolunteerState {
    return this.#state;
  }

  /** @returns what ends it. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  // --- what its owner asks ---

  /** Asks the coordinator again what there is to do. */
  async read(): Promise<void> {
    const idle = this.#state.scene.kind !== "working";
    if (idle) this.#invitation = readInvitation(this.#memory);
    if (this.#invitation === undefined) return this.#set({ scene: { kind: "closed", problem: incompleteLink } });
    this.#reading.abort();
    this.#reading = new AbortController();
    this.#readAt = Date.now();
    const answer = await readOffer(this.#invitation, this.#reading.signal).catch(() => undefined);
    if (answer === undefined) return;
    const { kind } = this.#state.scene;
    const waits = kind === "reading" || kind === "closed" || kind === "welcome";
    const work = this.#workNow();
    const job = isProblem(answer) ? undefined : answer.jobs.find(({ name }) => name === work?.job?.name);
    if (work !== undefined && job !== undefined) this.#set({ told: { job, ownRows: doneOfJob(work).rows } });
    if (!isProblem(answer)) this.#set({ offer: answer, ...(waits && { scene: { kind: "welcome" } }) });
    else if (waits) this.#set({ scene: { kind: "closed", problem: answer } });
  }

  start(): void {
    this.#paused = false;
    this.#run(newWork({ rows: 0, blocks: 0 }, this.#holds()));
  }

  /** Starts, if the coordinator is still there. */
  async startAgain(): Promise<void> {
    this.#set({ scene: { kind: "reading" } });
    await this.read();
    if (this.#state.scene.kind === "welcome") this.start();
  }

  /** Finishes what is being computed, and ends. */
  stop(): void {
    if (!this.#tether.alive) return this.stopNow();
    this.#stopping = true;
    this.#work((work) => ({ ...work, activity: { kind: "draining" } }));
    this.#tether.send({ kind: "drain", why: "its owner stopped it" });
  }

  /** Ends with what is being computed; another worker does it again. */
  stopNow(): void {
    this.#over("stopped");
  }

  pause(paused: boolean): void {
    this.#paused = paused;
    this.#hold();
  }

  change(settings: Partial<Settings>): void {
    this.#set({ settings: { ...this.#state.settings, ...settings } });
    keepSettings(this.#memory, this.#state.settings);
    if (settings.dutyCycle !== undefined) this.#tether.send({ kind: "duty-cycle", dutyCycle: settings.dutyCycle });
    this.#hold();
  }

  // --- its agent ---

  #run(work: Work): void {
    this.#stopping = false;
    this.#leaving = false;
    this.#set({ scene: { kind: "working", work } });
    this.#keep();
    this.#tether.start();
    void this.#tabs.enter();
    this.#hold();
  }

  #begin(): BeginMessage {
    const { label, dutyCycle } = this.#state.settings;
    return { kind: "begin", link: linkOf(this.#invitation as Invitation), name: this.#name, label, dutyCycle, paused: this.#holds().length > 0, ...this.#notice() };
  }

  #onReport(report: AgentReport): void {
    if (report.kind === "ended") return this.#ended(report);
    this.#work((work) => afterReport(work, report, Date.now()));
    if (report.kind === "progress" || report.kind === "job") this.#keep();
    // Whether there will be more is the coordinator's to say.
    if (report.kind === "idle" || report.kind === "job-ended" || (report.kind === "progress" && Date.now() - this.#readAt > readEveryMs)) void this.read();
  }

  #ended({ error }: Extract<AgentReport, { kind: "ended" }>): void {
    this.#tether.end();
    if (this.#stopping) return this.#over("stopped");
    if (!this.#leaving && !this.#away) return error === undefined ? this.#over("finished") : this.#over("refused", { error });
    if (!this.#away) setTimeout(() => this.#away || this.#comeBack(), stayedMs);
  }

  #over(how: Extract<Scene, { kind: "over" }>["how"], more: Pick<Extract<Scene, { kind: "over" }>, "error"> = {}): void {
    const work = this.#workNow();
    this.#tether.end();
    this.#tabs.leave();
    this.#screen.keep(false);
    forgetStarted(this.#memory);
    if (work !== undefined) this.#set({ scene: { kind: "over", how, done: finished(work), ...more } });
  }

  // --- its page ---

  #onVisible(visible: boolean): void {
    this.#set({ visible });
    this.#tether.send({ kind: "notice", ...this.#notice() });
    this.#hold();
    if (visible && this.#state.scene.kind !== "working") void this.read();
  }

  /** For those who wonder why it is slow. */
  #notice(): { readonly notice?: string } {
    return this.#state.visible ? {} : { notice: "its tab is hidden" };
  }

  #leave(): void {
    if (this.#workNow() === undefined || this.#leaving) return;
    this.#leaving = true;
    this.#tether.send({ kind: "drain", why: "its page is left" });
  }

  #comeBack(): void {
    this.#away = false;
    const work = this.#workNow();
    if (work !== undefined && this.#leaving) this.#run(renewed(work));
  }

  #holds(): Hold[] {
    const { settings, visible, power } = this.#state;
    return [
      ...(this.#paused ? ["you" as const] : []),
      ...(settings.onlyVisible && !visible ? ["hidden" as const] : []),
      ...(settings.onlyMains && power?.onMains === false ? ["battery" as const] : []),
    ];
  }

  #hold(): void {
    const work = this.#workNow();
    if (work === undefined) return;
    const holds = this.#holds();
    const held = holds.length > 0;
    if (held !== work.holds.length > 0) this.#tether.send({ kind: held ? "pause" : "resume" });
    this.#screen.keep(!held);
    this.#work((now) => ({ ...now, holds }));
    this.#keep();
  }

  // --- its state ---

  #workNow(): Work | undefined {
    const { scene } = this.#state;
    return scene.kind === "working" ? scene.work : undefined;
  }

  #work(next: (work: Work) => Work): void {
    const work = this.#workNow();
    if (work !== undefined) this.#set({ scene: { kind: "working", work: next(work) } });
  }

  /** What a reload needs to go on from here. */
  #keep(): void {
    const work = this.#workNow();
    if (work !== undefined) keepStarted(this.#memory, { paused: this.#paused, done: finished(work), ...(work.job !== undefined && { job: work.job }) });
  }

  #set(change: Partial<VolunteerState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}
