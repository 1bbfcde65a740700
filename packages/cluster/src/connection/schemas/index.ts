import type { GenericSchema } from "valibot";
import type { DriverToGateway, GatewayToDriver, GatewayToWorker, Header, WorkerToGateway } from "../messages.ts";
import * as drivers from "./drivers.ts";
import * as workers from "./workers.ts";

/** A schema for each kind of message that one side may send another. */
export type Schemas<Message extends Header> = { readonly [K in Message["kind"]]: GenericSchema<unknown, Extract<Message, { readonly kind: unknown }>> };

export const { bye } = workers;
const { hello, welcome, segment, lease, block, revoke, settle, heard, jobEnded, drain, ready, beat, result, failed, draining } = workers;
const { submit, accepted, file, fileTaken, ask, offer, inputEnded, cancel, published, part, blockDone, jobFailed, fleet } = drivers;

export const fromWorker: Schemas<WorkerToGateway> = { hello, ready, beat, result, failed, draining };
export const fromDriver: Schemas<DriverToGateway> = { hello, submit, file, offer, "input-ended": inputEnded, cancel, published };
export const toWorker: Schemas<GatewayToWorker> = { welcome, bye, segment, lease, block, revoke, settle, refuse: settle, heard, "job-ended": jobEnded, drain };
export const toDriver: Schemas<GatewayToDriver> = { welcome, bye, accepted, "file-taken": fileTaken, ask, part, "block-done": blockDone, "job-failed": jobFailed, fleet };

/** Messages that carry bytes; `must`: without them they mean nothing. */
export const payloads: Readonly<Partial<Record<Header["kind"], "must" | "may">>> = { block: "must", result: "must", offer: "must", part: "may", file: "may" };
