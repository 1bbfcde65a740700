export * from "./agent/index.ts";
export * from "./connection/index.ts";
export * from "./driver/index.ts";
export * from "./engine/index.ts";
export * from "./gateway/index.ts";
export * from "./scheduler/index.ts";
