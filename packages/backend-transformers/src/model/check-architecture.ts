import { ShoalError, type JsonObject } from "@shoal/core";

interface MadeFor {
  readonly architecture: RegExp;
  readonly task: string;
  /** As in "it does not …". */
  readonly does: string;
}

/** What the architectures of config.json are made for, as far as their names say. */
const madeFor: readonly MadeFor[] = [
  { architecture: /(ForCausalLM|LMHeadModel)$/, task: "text-generation", does: "generate text" },
  { architecture: /ForSequenceClassification$/, task: "text-classification", does: "label texts" },
  { architecture: /ForTokenClassification$/, task: "token-classification", does: "label tokens" },
  { architecture: /ForImageClassification$/, task: "image-classification", does: "label pictures" },
];

/**
 * Without it a model of another task fails later, over names of its graph. Features come of any encoder, and unknown names are let through.
 * @throws `unsupported-model`
 */
export function checkArchitecture(config: JsonObject, task: string, model: string): void {
  const wanted = madeFor.find((each) => each.task === task);
  const architectures = Array.isArray(config["architectures"]) ? config["architectures"].filter((each) => typeof each === "string") : [];
  if (wanted === undefined || architectures.some((each) => wanted.architecture.test(each))) return;
  for (const architecture of architectures) {
    const own = madeFor.find((each) => each.architecture.test(architecture));
    if (own === undefined) continue;
    throw new ShoalError("unsupported-model", `${model} is a ${architecture}: it does not ${wanted.does}.`, {
      failure: "bug", hint: `Use ${own.task} with it, or a model made for ${task}.`, details: { model, architecture, task },
    });
  }
}
