export * from "./cluster.ts";
export { createCluster, type ClusterParts, type ConnectedCluster } from "./create-cluster.ts";
export type { DialGateway, DriverChannel } from "./driver-connection.ts";
export { TakenBlocks } from "./taken-blocks.ts";
export { manifestOf, type BundlePredictor, type FindModel, type TravellingFile, type TravellingModel } from "./travelling-file.ts";
