import { describe, expect, test } from "vitest";
import type { LeasedTask } from "./effects.ts";
import { isHeldUp } from "./lateness.ts";
import { blocksOf, TestFleet } from "./scheduler.fixture.ts";

/** `fast` and `other` take a second for a block, `tab` four; all are at work. */
class Workshop {
  readonly fleet = new TestFleet();
  #seconds = 0;

  constructor(inOrder = true) {
    this.fleet.submit("job", { segments: [{ needs: { devices: [], memoryBytes: 0 }, divisible: true, inOrder }] });
    for (const name of ["tab", "fast", "other"]) this.fleet.join(name, name === "tab" ? { host: "tab" } : {});
    this.fleet.offer("job", 200, { ends: false });
    for (let n = 0; n < 9; n++) this.second();
  }

  /** What a worker has, what it computes first. */
  blocks(name: string): number[] {
    return [...(this.fleet.state.connections.get(name)?.attempts.values() ?? [])].map(({ task }) => task.of.block);
  }

  head(name: string): LeasedTask {
    const [attempt] = this.fleet.state.connections.get(name)?.attempts.values() ?? [];
    if (attempt === undefined) throw new Error(`${name} has nothing`);
    const { task: { of: { block }, first, rows }, number } = attempt;
    return { task: { job: "job", segment: 0, block, first, rows }, attempt: { epoch: 0, number } };
  }

  second(tabWorks = true): void {
    const { fleet } = this;
    fleet.result("fast", this.head("fast"), 500);
    fleet.result("other", this.head("other"), 500);
    if (fleet.state.connections.has("tab")) fleet.pass(0.1, "tab");
    if (tabWorks && ++this.#seconds % 4 === 0) fleet.result("tab", this.head("tab"), 0);
  }

  /** @returns the block that `tab` computes, once it is the first that is not done */
  untilTabIsLast(): number {
    const block = this.blocks("tab")[0] as number;
    for (let n = 0; n < 100 && this.fleet.state.jobs.get("job")?.segments[0]?.committed.below !== block; n++) this.second(false);
    return block;
  }
}

describe("the first block that is not done, where rows are wanted in order", () => {
  test("goes in front of what others have, when its worker has left", () => {
    const shop = new Workshop();
    const { fleet } = shop;
    const block = shop.untilTabIsLast();
    fleet.tell({ kind: "connection-lost", connection: "tab" });
    // Both have work for seconds, and no room for more.
    expect(shop.blocks("fast").length).toBeGreaterThan(5);
    expect(["fast", "other"].some((name) => shop.blocks(name).includes(block))).toBe(false);
    fleet.take("lease");
    shop.second();
    shop.second();
    const places = ["fast", "other"].map((name) => shop.blocks(name).indexOf(block)).filter((place) => place >= 0);
    const isDone = fleet.state.jobs.get("job")?.segments[0]?.committed.has(block) === true;
    expect(isDone || (places[0] ?? Infinity) <= 1).toBe(true);
    expect(fleet.take("lease").some(({ duplicate }) => duplicate)).toBe(false);
  });

  test.each([true, false])("is run once more by one who has other work, when its worker is far late and nothing else is left before what is done: in order %s", (inOrder) => {
    const shop = new Workshop(inOrder);
    const { fleet } = shop;
    fleet.take("lease");
    const doubled = (): number[][] => fleet.take("lease").filter(({ duplicate }) => duplicate).map(({ tasks }) => blocksOf(tasks));
    const block = shop.untilTabIsLast();
    expect(doubled()).toEqual([]);
    for (let n = 0; n < 3; n++) shop.second(false);
    expect(doubled()).toEqual(inOrder ? [[block]] : []);
  });

  test("many actors of one worker are not late because each takes longer than all of them together", () => {
    const fleet = new TestFleet();
    fleet.submit("job", { segments: [{ needs: { devices: [], memoryBytes: 0 }, divisible: true, inOrder: true }] });
    fleet.join("one", { credit: 2 });
    fleet.join("big", { credit: 16 });
    fleet.offer("job", 400, { ends: false });
    const has = (name: string): LeasedTask[] => [...(fleet.state.connections.get(name)?.attempts.values() ?? [])].map(({ task: { of: { block }, first, rows }, number }) => ({ task: { job: "job", segment: 0, block, first, rows }, attempt: { epoch: 0, number } }));
    // Sixteen at a time; the first of them is always the last to be done, after 16 s.
    let heldUp = 0;
    for (let n = 0; n < 200; n++) {
      const running = has("big").slice(0, 16);
      const next = n % 16 === 15 ? running[0] : running.at(-1);
      if (next !== undefined) fleet.result("big", next, 1000);
      const alone = has("one")[0];
      if (alone !== undefined) fleet.result("one", alone, 0);
      const big = fleet.state.connections.get("big");
      if (n > 40 && big !== undefined && isHeldUp(fleet.state, big)) heldUp++;
    }
    expect(heldUp).toBe(0);
  });

  test("nothing more is leased to one that is far late until it has answered", () => {
    const shop = new Workshop(false);
    const held = shop.head("tab");
    const had = shop.blocks("tab");
    for (let n = 0; n < 20; n++) shop.second(false);
    expect(shop.blocks("tab")).toEqual(had);
    shop.fleet.take("lease");
    shop.fleet.result("tab", held, 0);
    expect(shop.fleet.take("lease").some(({ connection }) => connection === "tab")).toBe(true);
  });
});
