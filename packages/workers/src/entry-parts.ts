import type { Backend } from "@shoal/core";
import type { ActorParts } from "./actor-server.ts";

/** What an entry file brings together; predictors of one's own are found without it. */
export interface EntryParts extends Omit<ActorParts, "load"> {
  readonly backends: readonly Backend[];
}
