export * from "./fake-actor-host.ts";
export * from "./fake-clock.ts";
export * from "./fake-datasource.ts";
export * from "./fake-onnx-session.ts";
export * from "./faults.ts";
export * from "./memory-sink.ts";
export * from "./seeded-random.ts";
export * from "./swallowed-replies.ts";
