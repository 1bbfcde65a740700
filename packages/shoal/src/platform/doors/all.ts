import { doorsSymbol, type Doors } from "./doors-symbol.ts";

/** Each is loaded when it is asked for. */
export const doors: Doors = {
  shoal: () => import("../../index.ts"),
  "shoal/transformers": () => import("../../transformers.ts"),
  "shoal/onnx": () => import("../../onnx.ts"),
  "shoal/tiny-models": () => import("../../tiny-models.ts"),
};

/** Lets a predictor that came as code import this very copy of shoal: nothing of it travels. */
export function openDoors(): void {
  (globalThis as { [doorsSymbol]?: Doors })[doorsSymbol] = doors;
}
