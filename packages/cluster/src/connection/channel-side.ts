import type { DriverToGateway, GatewayToDriver, GatewayToWorker, WorkerToGateway } from "./messages.ts";

/** Who stands at this end of a link. */
export type Side = "gateway" | "worker" | "driver";

/** What each side takes. */
export interface TakenBy {
  readonly gateway: WorkerToGateway | DriverToGateway;
  readonly worker: GatewayToWorker;
  readonly driver: GatewayToDriver;
}

/** What each side says. */
export interface SaidBy {
  readonly gateway: GatewayToWorker | GatewayToDriver;
  readonly worker: WorkerToGateway;
  readonly driver: DriverToGateway;
}
