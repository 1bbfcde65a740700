import { onTestFinished, expect, test } from "vitest";
import { fromItems } from "../index.ts";
import { sentiment } from "../tiny-models.ts";
import { textClassification } from "../transformers.ts";
import { connect } from "./connect.ts";
import { share } from "./share.ts";

test("a job that somebody else brings by the dashboard's link gets its model over HTTP", { timeout: 120_000 }, async () => {
  const shared = await share({ resources: { cpus: 1 } });
  onTestFinished(() => shared[Symbol.asyncDispose]());
  await using other = await connect(await shared.coordinator.link(["observe", "submit"], { page: "dashboard" }));
  const reviews = fromItems([{ text: "I love this film." }, { text: "The food was terrible." }]).mapBatches(textClassification({ model: sentiment, input: "text", output: "label" }), { device: "cpu" });
  const rows = await reviews.takeAll(Infinity, { on: other, resources: { cpus: 0 } });
  expect(rows.map(({ label }) => label)).toEqual(["POSITIVE", "NEGATIVE"]);
  expect(reviews.stats()).toMatch(/rows by worker: this machine 2/);
});
