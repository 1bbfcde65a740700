// What a coordinator keeps of a run is found by a name beside the output: no run that goes elsewhere may lose it.
import { ShoalError } from "@shoal/core";
import { runToSink, type Environment, type KeptElsewhere } from "@shoal/executor";
import { memoryLedgers, memorySink, type MemoryLedgers } from "@shoal/testing";
import { expect, test } from "vitest";
import { numbered, poolOf, recutOf, scanOf, world } from "./plans.ts";

const operator = () => poolOf(recutOf(scanOf(numbered(300))));

/** On a coordinator that keeps what is done under the name that the run has there. */
function desk(used: string[]): KeptElsewhere {
  return { by: "desk", goesOnHere: async () => {}, named: { fresh: `name ${used.length}`, hasDone: true, use: (name) => void used.push(name) } };
}

/** What a run leaves that was stopped once something was done there. */
async function leftAtDesk(ledgers: MemoryLedgers, used: string[]): Promise<void> {
  const sink = memorySink("out", "out");
  const stopping = { ...sink, open: async (signal: AbortSignal) => ({ ...(await sink.open(signal)), write: async () => { throw new ShoalError("aborted", "Ctrl-C."); } }) };
  await expect(runToSink(operator(), stopping, world({ ledgers, keptElsewhere: desk(used) }).environment)).rejects.toMatchObject({ code: "aborted" });
  expect(used).toEqual(["name 0"]);
}

test.each<[string, Partial<Environment>]>([
  ["on this machine alone, or on a coordinator that keeps nothing,", {}],
  ["that is shared", { keptElsewhere: { by: "lap", goesOnHere: async () => {} } }],
])("a resumed run %s stops before what a coordinator keeps is lost", async (_, change) => {
  for (const tellsFreshStart of [true, false]) {
    const ledgers = memoryLedgers();
    const used: string[] = [];
    await leftAtDesk(ledgers, used);
    const { environment, events } = world({ ledgers, ...change });
    const sink = memorySink("out", "out");
    const wrong = runToSink(operator(), sink, environment, { resume: true, tellsFreshStart });
    await expect(wrong).rejects.toMatchObject({ code: "resume-changed", message: expect.stringMatching(/is kept by the coordinator desk[^]*--on <link> --resume/) as string, details: { keptBy: "desk", unfinished: "out" } });
    expect([sink.state, events.filter(({ kind }) => kind === "notice")]).toEqual(["left", []]);

    const right = memorySink("out", "out");
    await runToSink(operator(), right, world({ ledgers, keptElsewhere: desk(used) }).environment, { resume: true });
    expect(used).toEqual(["name 0", "name 0"]);
    expect(right.rows).toHaveLength(300);
  }
});

test("nor is it lost to a run whose plan now can't be resumed", async () => {
  const ledgers = memoryLedgers();
  const used: string[] = [];
  await leftAtDesk(ledgers, used);
  const sink = memorySink("out", "out");
  const changed = poolOf(recutOf(scanOf(numbered(300))), { preserveOrder: false });
  await expect(runToSink(changed, sink, world({ ledgers, keptElsewhere: desk(used) }).environment, { resume: true })).rejects.toMatchObject({ code: "resume-changed", details: { changes: [expect.stringContaining("preserveOrder: false") as string] } });
  expect([sink.state, (await ledgers.look("out"))?.elsewhere]).toEqual(["left", { by: "desk", name: "name 0" }]);
});

test("a run that does not resume begins anew where it may", async () => {
  const ledgers = memoryLedgers();
  await leftAtDesk(ledgers, []);
  const sink = memorySink("out", "out");
  await runToSink(operator(), sink, world({ ledgers }).environment);
  expect(sink.rows).toHaveLength(300);
});
