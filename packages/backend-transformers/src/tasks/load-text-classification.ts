import type { Predictor } from "@shoal/core";
import type { TaskContext } from "../backend.ts";
export async function loadTextClassification(_context: TaskContext): Promise<Predictor> { throw new Error("not yet"); }
