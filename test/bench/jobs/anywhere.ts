// JSON Lines → text classification on one device, in Node, Bun or Deno. Rows are counted, not written: a page has no folder either.
import process from "node:process";
import { readJsonl } from "shoal";
import { labelAnywhere, type AnywhereSettings } from "./label-anywhere.ts";

const settings = JSON.parse(process.argv[2] as string) as AnywhereSettings;
console.log(JSON.stringify(await labelAnywhere(readJsonl(settings.path), settings)));
