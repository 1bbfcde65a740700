import { Command, Option } from "commander";
import { concreteDevices, ShoalError, type Datasource, type PredictorStep, type Row } from "@shoal/core";
import { featureExtraction, imageClassification, textClassification, textGeneration, tokenClassification } from "@shoal/backend-transformers";
import { dataset, type Dataset, type PredictorSettings } from "@shoal/dataset";
import { localRuntime } from "#platform";
import { badFlag } from "./bad-flag.ts";
import { CommandRun } from "./command-run.ts";
import { inputFormats, inputSource, type InputFlags } from "./input-source.ts";
import { delimiterOf } from "./likely-delimiter.ts";
import { modelNamed, shippedModels } from "./model-name.ts";
import { outputSink, withOutputFlags, type OutputFlags } from "./output-sink.ts";
import { actors, bytes, number, ownLimit, wholeNumber, withRunFlags, type RunFlags } from "./run-flags.ts";

const tasks = {
  "text-generation": textGeneration,
  "text-classification": textClassification,
  "feature-extraction": featureExtraction,
  "token-classification": tokenClassification,
  "image-classification": imageClassification,
} as const;

const dtypes = ["auto", "fp32", "fp16", "q8", "int8", "uint8", "q4", "q4f16", "bnb4"];

interface Flags extends RunFlags, OutputFlags, InputFlags {
  readonly task: keyof typeof tasks;
  readonly model: string;
  readonly input: string;
  readonly output: string;
  readonly out: string;
  readonly offline?: true;
  readonly explain?: true;
  readonly concurrency: number | readonly [number, number];
  readonly batchSize?: number;
  readonly maxBatchCost?: number;
  readonly numCpus?: number;
  readonly numGpus?: number;
  readonly actorMemory?: number;
  readonly device: PredictorSettings["device"];
  readonly timeout?: number;
  readonly collapse?: true;
}

/** Flags that are passed on to the task, by the name of its option. */
const taskFlags = [
  "dtype", "revision", "maxNewTokens", "maxLength", "temperature", "topK", "topP", "repetitionPenalty", "seed", "returnFullText",
  "numReturnSequences", "stop", "pooling", "normalize", "truncate", "scoreOutput", "aggregation", "minNewTokens", "seedColumn", "modelFile", "antialias",
] as const;

export function inferCommand(): Command {
  const command = withOutputFlags(new Command("infer")
    .description("Run a model over files, without code: read, predict, write.")
    .argument("<files...>", "files, folders, globs or URLs")
    .addOption(new Option("--task <task>", "what the model does").choices(Object.keys(tasks)).makeOptionMandatory())
    .requiredOption("--model <model>", `hub id, folder or URL; or ${Object.keys(shippedModels).join(", ")}, which ship with Shoal`)
    .requiredOption("--input <column>", "the column to read")
    .requiredOption("--output <column>", "the column to add; where the rows go is --out")
    .option("-o, --out <path>", "where the rows go: a file, a folder, or - for standard output", "-")
    .addOption(new Option("--input-format <format>", "of the files, where their names do not tell").choices(inputFormats))
    .option("--delimiter <character>", "of CSV input: what separates cells (default , and in .tsv files a tab), as ';' or tab", delimiterOf))
    .option("--concurrency <actors>", "actors: processes that each hold the model; 1-4: as many as the queue needs", actors, 1)
    .option("--batch-size <rows>", "exact rows of each batch (default: found by measuring)", wholeNumber)
    .option("--max-batch-cost <tokens>", "most tokens of a batch, padding included (default: found by measuring)", wholeNumber)
    .addOption(new Option("--device <device>", "where to compute").choices(["auto", ...concreteDevices]).default("auto"))
    .option("--num-cpus <n>", "CPUs of each actor (default 1)", number)
    .option("--num-gpus <n>", "GPUs of each actor (default 0)", number)
    .option("--actor-memory <bytes>", "memory of each actor, as in 2GB", bytes)
    .option("--timeout <seconds>", "of one batch; then its actor is killed and the batch blamed", number)
    .option("--collapse", "predict identical rows of a block once")
    .addOption(new Option("--dtype <dtype>", "of the weights (default fp32; auto: what is measured fastest); int8 kinds make scores depend on a row's neighbours").choices(dtypes))
    .option("--model-file <name>", "of the model, where it is not onnx/model")
    .option("--revision <revision>", "of a model on the hub")
    .option("--offline", "download nothing")
    .option("--max-new-tokens <n>", "text-generation: most tokens to add", wholeNumber)
    .option("--max-length <n>", "text-generation: most tokens, prompt included", wholeNumber)
    .option("--temperature <t>", "text-generation: sample with this temperature (default: greedy)", number)
    .option("--top-k <n>", "text-generation: sample among so many tokens; text-classification, image-classification: so many labels", wholeNumber)
    .option("--top-p <p>", "text-generation: sample within this probability", number)
    .option("--min-new-tokens <n>", "text-generation: fewest tokens to add", wholeNumber)
    .option("--seed-column <column>", "text-generation: rows with equal prompts differ by it when sampling")
    .option("--repetition-penalty <p>", "text-generation: above 1, repeats less", number)
    .option("--seed <n>", "text-generation: of the sampling", wholeNumber)
    .option("--stop <text...>", "text-generation: end at these strings")
    .option("--num-return-sequences <n>", "text-generation: texts per row", wholeNumber)
    .option("--return-full-text", "text-generation: prompt and completion")
    .option("--truncate", "cut inputs that are too long for the model instead of failing")
    .addOption(new Option("--pooling <how>", "feature-extraction").choices(["mean", "cls", "last", "none"]))
    .option("--normalize", "feature-extraction: vectors of length 1")
    .addOption(new Option("--aggregation <how>", "token-classification").choices(["none", "simple"]))
    .option("--antialias", "image-classification: make images smaller as Pillow does")
    .option("--score-output <column>", "text-classification, image-classification: the column for the score")
    .option("--explain", "print the plan and stop");
  return withRunFlags(command, "they go where --out says, also to standard output").action((files: string[], flags: Flags) => infer(files, flags));
}

async function infer(files: readonly string[], flags: Flags): Promise<void> {
  if (flags.output === flags.input) {
    throw badFlag(`--output ${flags.output} is the column that --input reads: its values would be replaced.`, "Name another column, as --output label; where the rows go is -o.");
  }
  // Actors inherit the environment.
  if (flags.offline) process.env["HF_HUB_OFFLINE"] = "1";
  await using commandRun = await CommandRun.begin(flags, `${flags.task} of ${flags.input}`);
  commandRun.rowsTo(flags.out, flags.overwrite === true);
  const source = inputSource(files, flags);
  const predicted = withoutPixels(dataset<Row>(source, localRuntime).mapBatches(predictor(flags), predictorSettings(flags)), source);
  if (flags.explain) return void process.stdout.write(`${predicted.explain()}\n`);
  commandRun.finish(await predicted.write(outputSink(flags.out, flags), ownLimit(flags)), ownLimit(flags));
}

/** Whoever asks for labels of pictures does not want the pixels again: their path names them. With `--input path` they are decoded by the actors. */
function withoutPixels(predicted: Dataset, source: Datasource): Dataset {
  if (source.spec?.format !== "images" || predicted.plan.kind !== "predict" || predicted.plan.spec.kind !== "declarative") return predicted;
  return predicted.select("path", ...predicted.plan.spec.adds);
}

function predictor(flags: Flags): PredictorStep<Row, Row, undefined, "adds"> {
  const build = tasks[flags.task] as unknown as ((options: object) => PredictorStep<Row, Row, undefined, "adds">) | undefined;
  if (build === undefined) throw new ShoalError("unknown-task", `There is no task "${String(flags.task)}".`, { hint: `Choose one of ${Object.keys(tasks).join(", ")}.` });
  const given = flags as unknown as Record<string, unknown>;
  const options = Object.fromEntries(taskFlags.flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]]])));
  return build({ ...options, model: modelNamed(flags.model), input: flags.input, output: flags.output });
}

function predictorSettings(flags: Flags): PredictorSettings {
  return {
    concurrency: flags.concurrency,
    device: flags.device ?? "auto",
    ...(flags.batchSize !== undefined && { batchSize: flags.batchSize }),
    ...(flags.maxBatchCost !== undefined && { maxBatchCost: flags.maxBatchCost }),
    ...(flags.numCpus !== undefined && { numCpus: flags.numCpus }),
    ...(flags.numGpus !== undefined && { numGpus: flags.numGpus }),
    ...(flags.actorMemory !== undefined && { memory: flags.actorMemory }),
    ...(flags.timeout !== undefined && { timeoutMs: flags.timeout * 1000 }),
    ...(flags.collapse && { collapse: true }),
  };
}
