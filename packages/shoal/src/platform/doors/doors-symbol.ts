/** Where code that travelled finds the shoal of the actor that it runs in. */
export const doorsSymbol: unique symbol = Symbol.for("shoal.doors") as never;

/** What may be imported of shoal, by the name under which it is imported. */
export type Doors = Readonly<Record<"shoal" | "shoal/transformers" | "shoal/onnx" | "shoal/tiny-models", () => Promise<object>>>;
