import { startActor } from "@shoal/executor";
import { serveNodeActor } from "@shoal/workers/node";
import { actorParts } from "./actor-parts.ts";

/** The process of one actor on Node: where host, executor and backends meet. */
serveNodeActor({ startActor, ...actorParts() });
