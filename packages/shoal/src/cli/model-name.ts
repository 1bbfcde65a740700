import { statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { nearestName, ShoalError } from "@shoal/core";
import { sentiment, storyteller } from "@shoal/tiny-models";

/** The models that ship with Shoal, by the names that the command has for them. */
export const shippedModels: Readonly<Record<string, string>> = { storyteller, sentiment };

const path = /^(\.{1,2}([/\\]|$)|[/\\~]|[A-Za-z]:[/\\]|file:)/i;

/**
 * What `--model` means: a model that ships with Shoal, or what predictors take for one. A slip is told before an actor starts, and before
 * anything is asked of the hub.
 * @throws `model-not-found`
 */
export function modelNamed(name: string): string {
  const shipped = Object.hasOwn(shippedModels, name) ? shippedModels[name] : undefined;
  if (shipped !== undefined) return shipped;
  const place = /^file:/i.test(name) ? fileURLToPath(name) : name;
  const found = statSync(place, { throwIfNoEntry: false });
  if (found?.isDirectory()) return withConfig(name, place);
  if (found !== undefined) throw notFound(`Model "${name}": that is a file, and a model is the directory that holds its config.json.`, "Name the directory; a graph that has no such directory around it runs by onnx() of shoal/onnx, in a job file.");
  if (path.test(name)) throw notFound(`Model "${name}": there is no directory ${place} (looked in ${process.cwd()}).`, "Name the directory that holds the model's config.json.");
  const near = name.includes("/") || name.includes(":") ? undefined : nearestName(name, Object.keys(shippedModels));
  if (near === undefined) return name;
  throw notFound(`There is no model "${name}" that ships with Shoal, and no directory of that name here.`, `Write --model ${near}. A model of the hub that is called so is named by its URL: https://huggingface.co/${name}/resolve/main/`);
}

function withConfig(name: string, directory: string): string {
  if (statSync(join(directory, "config.json"), { throwIfNoEntry: false }) !== undefined) return name;
  throw notFound(`Model "${name}" has no config.json (looked at ${join(directory, "config.json")}).`, "Name the directory that holds the model's config.json, as a download of the hub has it.");
}

function notFound(message: string, hint: string): ShoalError {
  return new ShoalError("model-not-found", message, { failure: "bug", hint });
}
