import { fromItems } from "shoal";
import { share } from "shoal/cluster";
import { sentiment } from "shoal/tiny-models";
import { textClassification } from "shoal/transformers";

const reviews = fromItems([{ text: "I love this film." }, { text: "The food was terrible." }])
  .mapBatches(textClassification({ model: sentiment, input: "text", output: "label" }));

/** Labels the reviews on this machine, and on those that join by the link. */
export async function labelTogether(tell: (link: string) => void): Promise<readonly { readonly label: string }[]> {
  await using shared = await share(); // { host: "0.0.0.0", https: true } lets others in
  tell(await shared.coordinator.link(["work"]));
  return await reviews.takeAll(100, { on: shared.cluster });
}
