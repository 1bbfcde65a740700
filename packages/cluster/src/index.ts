export * from "./connection/index.ts";
export * from "./engine/index.ts";
export * from "./gateway/index.ts";
export * from "./scheduler/index.ts";
