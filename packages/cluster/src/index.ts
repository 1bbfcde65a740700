export * from "./engine/index.ts";
export * from "./scheduler/index.ts";
