import { startActor } from "@shoal/executor";
import { serveLocalActor } from "@shoal/workers/local";
import { actorParts } from "./actor-parts.ts";

/** The process or worker of one actor: where host, executor and backends meet. */
serveLocalActor({ startActor, ...actorParts() });
