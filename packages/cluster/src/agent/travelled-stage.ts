import { ShoalError } from "@shoal/core";
import type { SegmentPlan } from "@shoal/planner";
import type { SegmentDescription, Welcome } from "../connection/messages.ts";
import type { AgentParts } from "./agent.ts";

/**
 * A segment's plan as this machine runs it: the model is the coordinator's copy, code was fetched and checked.
 * @throws `code-not-allowed`, `model-not-allowed`
 */
export async function travelledStage({ plan, model, code, name }: SegmentDescription, welcome: Welcome, parts: Pick<AgentParts, "modelUrl" | "codeUrl" | "takesModel" | "traits">): Promise<SegmentPlan> {
  const { spec } = plan;
  if (spec.kind === "declarative") {
    if (model !== undefined) return { ...plan, spec: { ...spec, model: parts.modelUrl(model, welcome) } };
    if (parts.takesModel?.(spec.model) === false) throw modelNotAllowed(name, spec.model);
    return plan;
  }
  if (!parts.traits.runsCode || parts.codeUrl === undefined || code === undefined) throw codeNotAllowed(name, code === undefined);
  // A worker that was told to use one device uses that one; a predictor of one's own would choose for itself.
  const [only, ...others] = parts.traits.devices;
  const device = plan.device === "auto" && only !== undefined && others.length === 0 ? only : plan.device;
  return { ...plan, device, spec: { ...spec, module: await parts.codeUrl(code, welcome) } };
}

function modelNotAllowed(name: string, model: string): ShoalError {
  return new ShoalError("model-not-allowed", `${name} names a model of its own, ${model.slice(0, 200)}, which this worker does not load: it did not come with the job, and is neither on the hub nor at an https address.`, {
    failure: "worker-lost",
    hint: "Name a folder of the driver's machine, which then travels, a hub id or an https address; or start workers with shoal work --allow-code.",
  });
}

function codeNotAllowed(name: string, missing: boolean): ShoalError {
  return new ShoalError("code-not-allowed", missing ? `${name} is a predictor that comes as code, and its code did not come with it.` : `${name} is a predictor that comes as code, and this worker runs none.`, {
    failure: "worker-lost",
    hint: missing ? "Update coordinator and driver to the same version of Shoal." : "Start workers that may run the job's code with shoal work --allow-code.",
  });
}
