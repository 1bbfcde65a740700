import type { Predictor } from "@shoal/core";
import type { TaskContext } from "../backend.ts";
export async function loadFeatureExtraction(_context: TaskContext): Promise<Predictor> { throw new Error("not yet"); }
