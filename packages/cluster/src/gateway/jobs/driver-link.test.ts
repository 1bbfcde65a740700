import { expect, test } from "vitest";
import type { OfferMessage } from "../../connection/messages.ts";
import type { GatewayState } from "../gateway-state.ts";
import { DriverLink, type DriverLinkParts } from "./driver-link.ts";
import type { GatewayJob } from "./gateway-job.ts";
import type { OfferedRows } from "./input-names.ts";

interface Naming extends OfferedRows {
  readonly give: (name: string) => void;
  readonly fail: (error: Error) => void;
}

/** A link of which a job was asked for some blocks, what the gateway heard of it, and the rows that are being named, where that takes a while. */
function linkOf(mayOffer: number, takesTime: boolean): { readonly link: DriverLink; readonly job: GatewayJob; readonly heard: string[]; readonly naming: Naming[]; readonly said: { readonly kind: string }[] } {
  const heard: string[] = [];
  const naming: Naming[] = [];
  const said: { readonly kind: string }[] = [];
  const job = { name: "job", isOver: false, segments: [{ mayOffer }] } as unknown as GatewayJob;
  const state = {
    jobs: new Map([["job", job]]), settings: { unheardBytes: 2 ** 20 }, signal: new AbortController().signal, refusals: { count: () => {} }, passing: { taken: () => {} }, changed: () => {},
    inputs: { get: () => undefined, hold: () => {} }, engine: {},
    loop: { tell: (event: { readonly kind: string; readonly block?: number }) => void heard.push(`${event.kind} ${event.block ?? ""}`) },
  } as unknown as GatewayState;
  const names = {
    of: (_: GatewayJob, rows: OfferedRows): string | Promise<string> => {
      const named = new Promise<string>((give, fail) => naming.push({ ...rows, give, fail }));
      return takesTime ? named : "a name";
    },
  };
  const parts = { names, claims: { offered: () => {} }, heldBy: () => ({}) } as unknown as DriverLinkParts;
  const channel = { send: (message: { readonly kind: string }) => void said.push(message), close: () => {} };
  const link = new DriverLink(state, parts, { channel, connection: "1", name: "driver", admission: {} } as unknown as ConstructorParameters<typeof DriverLink>[2]);
  job.driver = link;
  return { link, job, heard, naming, said };
}

const offer = (block: number): OfferMessage => ({ kind: "offer", job: "job", segment: 0, block, rows: 1 });
const ended = { kind: "input-ended", job: "job", segment: 0, blocks: 2 } as const;
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test.each([["at once", false], ["where rows can't be named at once", true]])("what was not asked for is refused before it is named: %s", async (_, takesTime) => {
  const { link, heard, naming, said } = linkOf(1, takesTime);
  link.receive(offer(0), new Uint8Array(10));
  link.receive(offer(1), new Uint8Array(10));
  naming[0]?.give("a name");
  await settled();
  expect([naming.length, heard]).toEqual([1, ["block-offered 0"]]);
  expect(said).toMatchObject([{ kind: "bye", error: { code: "unexpected-block" } }]);
});

test("offers whose rows take a while to be named are heard in order, and what is said behind them after them", async () => {
  const { link, heard, naming } = linkOf(2, true);
  link.receive(offer(0), new Uint8Array(10));
  link.receive(offer(1), new Uint8Array(10));
  link.receive(ended, undefined);
  await settled();
  expect([naming.map(({ place }) => place.block), heard]).toEqual([[0], []]);
  naming[0]?.give("one");
  await settled();
  expect([naming.map(({ place }) => place.block), heard]).toEqual([[0, 1], ["block-offered 0"]]);
  naming[1]?.give("two");
  await settled();
  expect(heard).toEqual(["block-offered 0", "block-offered 1", "input-ended "]);
});

test("a job that came to its end while rows were named is offered nothing; rows that can't be named end the connection", async () => {
  const { link, job, heard, naming, said } = linkOf(2, true);
  link.receive(offer(0), new Uint8Array(10));
  job.driver = undefined;
  naming[0]?.give("one");
  await settled();
  job.driver = link;
  link.receive(offer(1), new Uint8Array(10));
  naming[1]?.fail(new Error("no digest"));
  await settled();
  expect([heard, said.map(({ kind }) => kind)]).toEqual([[], ["bye"]]);
});
