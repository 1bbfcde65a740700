import { describe, expect, it } from "vitest";
import { textGeneration } from "@shoal/backend-transformers";
import { golden, loadStep, sharedModelsMissing, sharedPath } from "./load-transformers.ts";

if (sharedModelsMissing) console.warn(`Skipped: the models these tests compare with are not at ${sharedPath("models")}.`);

interface TextGenerationGolden {
  readonly cases: Readonly<Record<"fp32" | "q8", readonly { readonly input: string; readonly output: string }[]>>;
}

describe.skipIf(sharedModelsMissing)("text generation (stories260k: Llama with grouped-query attention, no position_ids input or with)", () => {
  const model = sharedPath("models/stories260k");
  const { cases } = golden<TextGenerationGolden>("stories260k");
  const prompts = cases.fp32.map(({ input }) => ({ prompt: input }));

  it("gives transformers.js' greedy text in one batch and alone", async () => {
    await using step = await loadStep(textGeneration({ model, input: "prompt", output: "text", maxNewTokens: 48, returnFullText: true }));
    const expected = cases.fp32.map(({ output }) => ({ text: output }));
    expect(await step.run(prompts)).toEqual(expected);
    expect(await step.run(prompts, 1)).toEqual(expected);
  });
});
