import { startActor } from "@shoal/executor";
import { serveLocalActor } from "@shoal/workers/local";
import { actorParts } from "./actor-parts.ts";

/** The process of one actor on Node: where host, executor and backends meet. */
serveLocalActor({ startActor, ...actorParts() });
