// Files → decoded → classified → Parquet, with Shoal.
import { parquet, readImages } from "shoal";
import { imageClassification } from "shoal/transformers";
import { tell, type TextSettings } from "./settings.ts";
import { timedSink } from "./timed-sink.ts";

const { path, model, out, concurrency = 1 } = JSON.parse(process.argv[2] as string) as TextSettings;
const { sink, first } = timedSink(parquet(out, { mode: "overwrite" }));
const { result, stats } = await readImages(path)
  .mapBatches(imageClassification({ model, input: "image", output: "label", scoreOutput: "score" }), { concurrency })
  .drop("image")
  .to(sink)
  .run();
tell(first(), result.rows, stats);
