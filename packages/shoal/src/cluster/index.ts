export { share, type Share, type ShareOptions } from "./share.ts";
export type { Cluster } from "@shoal/cluster";
export type { Coordinator } from "@shoal/coordinator";
