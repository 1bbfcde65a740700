import { silentLogger, type ActorContext } from "@shoal/core";
import { textClassification } from "@shoal/backend-transformers";
import { expect, test } from "vitest";
import { backends } from "./backends.ts";

test("a worker entry says where models come from", async () => {
  const { spec } = textClassification({ model: "org/name", input: "text", output: "label" });
  const [transformers] = backends({ endpoint: "https://hub.example", cacheDirectory: "/nowhere", offline: true });
  const actor = { signal: new AbortController().signal, log: silentLogger } as ActorContext;
  await expect(transformers?.load(spec as never, actor)).rejects.toMatchObject({ code: "model-not-found", message: expect.stringMatching(/hub\.example.*offline/) as string });
});
