import { ShoalError } from "@shoal/core";
import type { RemoteRunner } from "@shoal/executor";

/** Types say what `on` is, and not every program has them. What was given is named and never shown: a link lets in whoever has it. @throws `bad-option` */
export function checkRunner(on: RemoteRunner | undefined): void {
  if (on === undefined || has(on, "openJob")) return;
  const [given, hint] = wrong(on);
  throw new ShoalError("bad-option", `on: ${given} is no coordinator that a run can go to.`, { failure: "bug", hint });
}

const connectHint = "Write { on: await connect(link) }, or { on: shared.cluster } of const shared = await share(); without a coordinator leave it out.";

function wrong(on: unknown): readonly [given: string, hint: string] {
  if (typeof on === "string" || on instanceof URL) return [`${on instanceof URL ? "a URL" : "a string"}, as a link is,`, "A link goes through connect(): { on: await connect(link) }."];
  if (has(on, "then")) return ["a promise", "Wait for it: { on: await connect(link) }, or { on: (await share()).cluster }."];
  if (has(on, "cluster")) return ["what share() gives", "Give its cluster: { on: shared.cluster }."];
  if (has(on, "gateway") && has(on, "link")) return ["a coordinator that was started here", "Connect to it: { on: await connect(await coordinator.link([\"submit\"])) }; or start it with share(), and give { on: shared.cluster }."];
  return [on === null ? "null" : typeof on === "object" ? "an object without openJob()" : `a ${typeof on}`, connectHint];
}

function has(value: unknown, name: string): boolean {
  return typeof value === "object" && value !== null && name in value;
}
