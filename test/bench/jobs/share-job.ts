// A job file for the command: what it is told stands in its first argument.
import { parquet, readJsonl } from "shoal";
import { predictText } from "./predict-text.ts";
import type { TextSettings } from "./settings.ts";

const settings = JSON.parse(process.argv[2] as string) as TextSettings;
export default predictText(readJsonl(settings.path), settings, parquet(settings.out, { mode: "overwrite" }));
