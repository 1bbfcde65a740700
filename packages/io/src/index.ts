export * from "./file-datasink.ts";
export * from "./file-datasource.ts";
export * from "./file-error.ts";
export * from "./file-store.ts";
export type * from "./publish.ts";
