import { findDefinition, type AnyDefinition, type Json, type JsonObject, type PredictorSpec } from "@shoal/core";
import { physicalInputsOf, type FunctionStep, type PhysicalOperator } from "@shoal/planner";
import { stepLabel } from "../operators/row-functions.ts";
import type { RunLedgers } from "./run-ledger.ts";

/** One step of a plan, as far as its rows depend on it. JSON. */
export interface StepIdentity {
  /** How messages call it. */
  readonly name: string;
  readonly kind: string;
  /** What must be the same, by the name that messages give it. */
  readonly parts: JsonObject;
}

/** What a run was of. JSON. */
export interface PlanIdentity {
  readonly steps: readonly StepIdentity[];
  readonly versions: Readonly<Record<string, string>>;
}

/** Where the identity of a plan has what is not in the plan. */
export type IdentityParts = Pick<RunLedgers, "modelVersion" | "versions">;

/** The identity of a plan: its steps, inputs first, with the text of functions, the files of models, and the versions of libraries. */
export async function planIdentity(plan: PhysicalOperator, ledgers: IdentityParts): Promise<PlanIdentity> {
  const steps: StepIdentity[] = [];
  for (const operator of inOrder(plan)) for (const step of await stepsOf(operator, ledgers)) steps.push(asJson(step));
  return { steps, versions: await ledgers.versions() };
}

function named(label: string, name: string): string {
  return name === "" ? label : `${label} ${name}()`;
}

/** As it will be read again: without what JSON leaves out. */
function asJson(step: StepIdentity): StepIdentity {
  return JSON.parse(JSON.stringify(step)) as StepIdentity;
}

function inOrder(plan: PhysicalOperator): PhysicalOperator[] {
  return [...physicalInputsOf(plan).flatMap(inOrder), plan];
}

async function stepsOf(operator: PhysicalOperator, ledgers: IdentityParts): Promise<StepIdentity[]> {
  const { kind } = operator;
  const one = (name: string, parts: object): StepIdentity[] => [{ name, kind, parts: parts as JsonObject }];
  switch (operator.kind) {
    case "scan": return one(`read ${operator.source.name}`, { source: operator.source.spec ?? operator.source.name, limit: operator.limit });
    case "row-functions":
      return Promise.all(operator.steps.map(async (step) => ({ name: named(stepLabel(step), step.step.name), kind: step.kind, parts: { code: await codeOf(step.step), onError: step.onError } })));
    case "batch-function": {
      const { step, batchSize, batchFormat, onError } = operator;
      return one(step.name === "" ? "mapBatches()" : `mapBatches(${step.name})`, { code: await codeOf(step), batchSize, batchFormat, onError });
    }
    case "project": return one("select, drop or rename", { columns: operator.columns as unknown as Json, rest: operator.rest, drop: operator.drop });
    case "recut": return one("cut into blocks", { rows: [operator.multipleOf, operator.firstRows, operator.maxRows], blocks: operator.blocks });
    case "actor-pool": {
      const { spec, policy, device, numGpus, onError } = operator;
      return one(`predictor "${spec.name}"`, { ...(await predictorParts(spec, ledgers)), batches: policy as unknown as Json, device, gpus: numGpus > 0, onError });
    }
    case "limit": return one("limit", { rows: operator.rows });
    case "union": return one("union", { inputs: operator.inputs.length });
    case "zip": return one("zip", {});
  }
}

async function predictorParts(spec: PredictorSpec, ledgers: IdentityParts): Promise<object> {
  if (spec.kind === "declarative") {
    const { backend, task, model, options, reads, adds, variants } = spec;
    return { task: [backend, task], model, "files of the model": await ledgers.modelVersion(model), options, columns: [reads, adds], variants };
  }
  const { module, export: name, args, batchFormat, rows, stateful } = spec;
  const definition = findDefinition(module, name);
  // A project may be moved.
  return { predictor: [module.split("/").at(-1) as string, name], args, batchFormat, traits: [rows, stateful], code: definition === undefined ? undefined : await sha256(textOf(definition)) };
}

/** The source text of a predictor's functions. */
function textOf(definition: AnyDefinition): string {
  if (typeof definition === "function") return Function.prototype.toString.call(definition);
  return Object.entries(definition).map(([name, part]) => `${name}: ${typeof part === "function" ? Function.prototype.toString.call(part) : JSON.stringify(part)}`).join("\n");
}

async function codeOf({ run, version }: FunctionStep<unknown>): Promise<string> {
  return version === undefined ? sha256(Function.prototype.toString.call(run)) : `version ${version}`;
}

async function sha256(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return Array.from(digest.subarray(0, 16), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
