import { describe, expect, test } from "vitest";
import { bottleneck, type JobStanding } from "./bottleneck.ts";

describe("what holds a job up is said in one sentence", () => {
  const running: JobStanding = {
    state: "running", trouble: undefined, mayJoin: true, hasDriver: true, missingFiles: 0, isHeldUp: false, workers: 3, nobody: undefined, able: 3, busy: 3, loading: 0, atOtherJobs: 0, outranked: 0, ready: 5, leased: 3, hasEnded: false, last: undefined,
  };
  test.each<[Partial<JobStanding>, string]>([
    [{}, "All 3 workers are busy: more would help."],
    [{ workers: 0, able: 0, busy: 0 }, "No worker is here: open the link on another machine, or run shoal work with it."],
    [{ nobody: { name: "x", why: "needs cuda: none of the 3 workers has it" } }, "Nobody can do x: needs cuda: none of the 3 workers has it."],
    [{ able: 2, busy: 2 }, "Both workers are busy: more would help."],
    [{ able: 2, busy: 2, loading: 2 }, "Both workers are loading the model."],
    [{ able: 1, busy: 1 }, "The one worker is busy: another would help."],
    [{ able: 1, busy: 1, mayJoin: false }, "The one worker is busy; no link lets others help (shoal run --share makes one)."],
    [{ able: 2, busy: 2, loading: 1 }, "1 of 2 workers is busy, and one still loads the model."],
    [{ able: 5, busy: 5, loading: 2 }, "3 of 5 workers are busy, and 2 still load the model."],
    [{ loading: 3 }, "All 3 workers are loading the model."],
    [{ isHeldUp: true }, "The program that brought it reads results more slowly than they come."],
    [{ busy: 1, ready: 0 }, "Workers wait for blocks: the program that brought it can't read and prepare its input faster."],
    [{ busy: 1, ready: 0, leased: 1, hasEnded: true, last: { worker: "a phone", seconds: 12 } }, "One block is left: worker a phone has had it for 12 s."],
    [{ busy: 1 }, "1 of 3 workers is busy."],
    [{ busy: 0, able: 1, atOtherJobs: 1, outranked: 1 }, "It waits: the worker is at another job of higher priority."],
    [{ busy: 0, atOtherJobs: 3, outranked: 3 }, "It waits: the workers are at other jobs of higher priority."],
    [{ busy: 0, able: 1, atOtherJobs: 1 }, "It waits: the worker is at another job."],
    [{ busy: 0, atOtherJobs: 3, outranked: 1 }, "It waits: the workers are at other jobs."],
    [{ busy: 1, atOtherJobs: 1, outranked: 1 }, "1 of 3 workers is busy, 1 at another job of higher priority."],
    [{ busy: 1, atOtherJobs: 2 }, "1 of 3 workers is busy, 2 at other jobs."],
    // One that waits behind another job's is not being done, and nobody waits for blocks.
    [{ busy: 0, able: 1, atOtherJobs: 1, outranked: 1, ready: 0, leased: 1, hasEnded: true, last: { worker: "a phone", seconds: 12 } }, "It waits: the worker is at another job of higher priority."],
    [{ busy: 1, ready: 0, atOtherJobs: 2 }, "1 of 3 workers is busy, 2 at other jobs."],
    [{ busy: 0, ready: 0, leased: 0, atOtherJobs: 1 }, "Workers wait for blocks: the program that brought it can't read and prepare its input faster."],
    [{ trouble: "The disk is full." }, "Results can't be stored: The disk is full."],
    [{ hasDriver: false, state: "paused" }, "The program that brought it is gone: nothing more is leased until it comes back."],
    [{ state: "failed" }, "The job was given up: it failed."],
  ])("%j", (change, sentence) => expect(bottleneck({ ...running, ...change })).toBe(sentence));
});
