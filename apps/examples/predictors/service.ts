import { forkActor } from "shoal";
import counted from "./words.ts";

export function countWords(): Promise<{ id: number; text: string; words: number }[]> {
  return counted.takeAll(Infinity, { worker: () => forkActor(new URL("./worker.ts", import.meta.url)) });
}
