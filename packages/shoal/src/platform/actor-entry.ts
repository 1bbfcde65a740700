import { startActor } from "@shoal/executor/actor";
import { serveLocalActor } from "@shoal/workers/local";
import { openDoors } from "#doors";
import { actorParts } from "./actor-parts.ts";

/** The process or worker of one actor: where host, executor and backends meet. */
openDoors();
serveLocalActor({ startActor, ...actorParts() });
