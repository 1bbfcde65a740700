import assert from "node:assert/strict";
import type { SchedulerEffect, SchedulerEvent, SchedulerState, SegmentNeeds, TaskEntry, WorkerJoined } from "@shoal/cluster";
import { taskKey, type SimulatedLedger } from "./simulated-ledger.ts";
import type { SimulatedDriver } from "./simulated-driver.ts";

/** What must hold after every event, whatever happened before it. */
export class Invariants {
  readonly #won = new Map<string, TaskEntry>();
  readonly #ledger: SimulatedLedger;
  readonly #drivers: readonly SimulatedDriver[];
  readonly #given: (job: string, segment: number) => number;

  /** @param given how many blocks of a passing job were handed over, and are kept because their driver has not said that it has them */
  constructor(ledger: SimulatedLedger, drivers: readonly SimulatedDriver[], given: (job: string, segment: number) => number) {
    [this.#ledger, this.#drivers, this.#given] = [ledger, drivers, given];
  }

  check(state: SchedulerState, event: SchedulerEvent, effects: readonly SchedulerEffect[]): void {
    this.#commitsAreUnique();
    this.#leasesHaveLiveOwners(state);
    this.#nothingIsForgotten(state);
    this.#memoryIsBounded(state);
    for (const effect of effects) this.#effect(state, event, effect);
  }

  /** An entry that was written is never another. */
  #commitsAreUnique(): void {
    if (this.#won.size === this.#ledger.entries.size) return;
    for (const [key, { entry }] of this.#ledger.entries) {
      const known = this.#won.get(key);
      if (known === undefined) this.#won.set(key, entry);
      else assert.equal(known, entry, `two entries of ${key}`);
    }
  }

  #leasesHaveLiveOwners(state: SchedulerState): void {
    for (const worker of state.workers.values()) {
      assert(worker.attempts.size === 0 || ["live", "draining", "idle"].includes(worker.status), `${worker.name} is ${worker.status} and holds leases`);
      assert(worker.attempts.size === 0 || state.now <= worker.heardAt + state.settings.leaseMs[worker.joined.host], `${worker.name} holds leases past their time`);
      assert(worker.queuedMs >= -1e-6 && worker.leases.size <= worker.attempts.size);
      assert.equal([...worker.leases].reduce((sum, lease) => sum + lease.open, 0), worker.attempts.size, "leases count their attempts");
      assert.equal(state.live.has(worker), worker.status === "live");
    }
  }

  /** A task that is open waits somewhere, is on loan, or is being committed; once, with one duplicate at most. */
  #nothingIsForgotten(state: SchedulerState): void {
    for (const job of state.jobs.values()) {
      let committing = 0;
      for (const segment of job.segments) {
        let [waiting, rows, duplicates] = [0, 0, 0];
        for (const { parts, offered, block } of segment.open.values()) {
          assert(!segment.committed.has(block) && parts.length > 0);
          for (const task of parts) {
            if (task.place !== "nowhere") waiting++;
            if (task.place !== "nowhere") rows += task.rows;
            if (task.committing !== undefined) committing++;
            assert(task.place === "nowhere" || (task.attempts.length === 0 && task.committing === undefined), "waits, and is on loan");
            assert(!offered || task.place !== "nowhere" || task.attempts.length > 0 || task.committing !== undefined, `block ${block} is forgotten`);
            assert(task.attempts.length <= 2, "more than one duplicate");
            duplicates += task.attempts.filter((attempt) => attempt.duplicate).length;
            assert(task.past.length <= 8);
            for (const attempt of task.attempts) assert.equal(attempt.worker.attempts.get(attempt.number), attempt);
          }
        }
        assert.equal(segment.readyTasks, waiting);
        assert.equal(segment.readyRows, rows);
        assert.equal(segment.duplicates, duplicates);
        const able = [...state.live].filter(({ joined }) => canDo(joined, segment.spec.needs));
        assert.equal(segment.able, able.length);
        assert(segment.totalRate >= 0);
      }
      assert.equal(job.committing, committing);
    }
  }

  /** What is done leaves nothing behind but its number. */
  #memoryIsBounded(state: SchedulerState): void {
    let open = 0;
    for (const job of state.jobs.values()) {
      for (const segment of job.segments) {
        open += segment.open.size;
        assert(segment.committed.below <= segment.committed.size);
        let offered = 0;
        for (const block of segment.open.values()) offered += Number(block.offered);
        assert.equal(segment.openOffered, offered);
        assert(offered <= state.settings.maxOpenBlocks, "more blocks are open than there may be");
        assert(this.#given(job.spec.job, segment.index) <= state.settings.maxOpenBlocks, "more results are kept for their driver than blocks may be open");
        let presented = 0;
        for (const all of segment.presented.values()) presented += all.length;
        assert(presented <= 256 * state.workers.size);
      }
    }
    assert(state.timers.size <= 20 * (state.workers.size + open + 10), `${state.timers.size} timers for ${state.workers.size} workers and ${open} blocks`);
    assert(state.freed.size === 0 && state.fresh.size === 0 && state.touched.size === 0 && state.overdue.size === 0);
  }

  #effect(state: SchedulerState, event: SchedulerEvent, effect: SchedulerEffect): void {
    if (effect.kind === "lease") {
      const worker = state.connections.get(effect.connection);
      assert(worker !== undefined && worker.status === "live", "a lease to nobody");
      for (const { task } of effect.tasks) {
        const needs = this.#drivers.find(({ spec }) => spec.job === task.job)?.spec.segments[task.segment]?.needs;
        assert(needs !== undefined && canDo(worker.joined, needs), `${worker.name} was leased what it can't do`);
        assert(state.jobs.get(task.job)?.paused !== true, `${task.job} is paused, and leased`);
        assert(!this.#ledger.entries.has(taskKey(task)) || state.jobs.get(task.job)?.segments[task.segment]?.committed.has(task.block) === false, `a committed block was leased after ${event.kind}`);
      }
    } else if (effect.kind === "block-done") {
      const driver = this.#drivers.find(({ spec }) => spec.job === effect.job);
      const rows = driver?.inputs[effect.segment]?.rows(effect.block) ?? 0;
      assert.equal(coveredRows(this.#ledger, effect.job, effect.segment, effect.block, rows), rows, `block ${effect.block} is said to be done`);
    }
  }

  /** At the end: every row is in the ledger once, as a result or quarantined for a reason. */
  complete(isGuilty: (job: string, segment: number, block: number, first: number, rows: number) => boolean): void {
    for (const { spec, inputs, state } of this.#drivers) {
      if (state !== "done") continue;
      for (const [segment, { blocks, rows }] of inputs.entries()) {
        for (let block = 0; block < blocks; block++) assert.equal(coveredRows(this.#ledger, spec.job, segment, block, rows(block)), rows(block), `rows of block ${block}`);
      }
    }
    for (const { task, entry } of this.#ledger.entries.values()) {
      if (entry.kind !== "quarantine") continue;
      const divisible = this.#drivers.find(({ spec }) => spec.job === task.job)?.spec.segments[task.segment]?.divisible;
      assert(divisible === false || task.rows === 1, `${taskKey(task)} was quarantined whole`);
      assert(isGuilty(task.job, task.segment, task.block, task.first, task.rows), `${taskKey(task)} was quarantined without a reason`);
    }
  }
}

function canDo({ memoryBytes, devices, cpus = 0, gpus = 0, runsCode, volunteer }: WorkerJoined, needs: SegmentNeeds): boolean {
  const fits = memoryBytes >= needs.memoryBytes && cpus >= (needs.cpus ?? 0) && gpus >= (needs.gpus ?? 0);
  const may = !(needs.trusted === true && volunteer === true) && !(needs.runsCode === true && runsCode !== true);
  return fits && may && (needs.devices.length === 0 || needs.devices.some((device) => devices.includes(device)));
}

/** Rows of a block that the ledger decides, each once: it follows splits, and fails where both a whole and its parts have results. */
function coveredRows(ledger: SimulatedLedger, job: string, segment: number, block: number, rows: number): number {
  const covered = (first: number, count: number): number => {
    const entry = ledger.entries.get(taskKey({ job, segment, block, first, rows: count }))?.entry;
    if (entry === undefined) return 0;
    if (entry.kind !== "split") return count;
    return entry.at.reduce((sum, start, at) => sum + covered(start, (entry.at[at + 1] ?? first + count) - start), 0);
  };
  return covered(0, rows);
}
