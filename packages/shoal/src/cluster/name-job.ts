import { sha256Of, type JobSettings } from "@shoal/cluster";

/**
 * Names a job by its plan, so that a run which is started again after its process was killed is known by it: the same steps, with the text of their closures, over
 * sources of the same name. Whether the rows are the same is seen when they come: a block that is not what it was fails the job, `input-changed`.
 */
export async function nameJob({ plan }: Pick<JobSettings, "plan">): Promise<string | undefined> {
  if (plan === undefined) return undefined;
  return (await sha256Of(new TextEncoder().encode(JSON.stringify(plan, asText)))).slice(0, 32);
}

/** Sources by what they are called, functions by their text, bytes by their number. */
function asText(key: string, value: unknown): unknown {
  if (key === "source" && typeof value === "object" && value !== null) {
    const { name, spec } = value as { readonly name?: string; readonly spec?: object };
    return [name, spec];
  }
  if (typeof value === "function") return Function.prototype.toString.call(value);
  if (typeof value === "bigint") return String(value);
  return ArrayBuffer.isView(value) ? value.byteLength : value;
}
