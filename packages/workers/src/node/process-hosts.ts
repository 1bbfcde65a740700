import { enterActor, predictorLoader } from "@shoal/core";
import type { ActorParts } from "../actor-server.ts";
import { actorForker, childProcessHost, type ForkSettings } from "../hosts/child-process.ts";
import type { LocalHosts } from "../local/local-hosts.ts";
import { servedLoader } from "../served-predictors.ts";
import { chooseNodeDevice } from "./choose-node-device.ts";
import { importJob } from "./import-job.ts";
import { serveProcess } from "./serve-process.ts";

/** What a runtime of processes does in its own way. */
interface RuntimeParts {
  readonly fork: ForkSettings;
  /** Serves an actor where this realm is a thread or worker that the user started; false where it is a process. */
  readonly servedAsWorker: (actor: ActorParts) => boolean;
}

/** Where actors live, and what they call inside, alike on Node, Bun and Deno. */
export function processHosts({ fork, servedAsWorker }: RuntimeParts): Pick<LocalHosts, "forkActor" | "processHost" | "serveLocalActor" | "serveActors"> {
  const forkActor = actorForker(fork);
  return {
    forkActor,
    processHost: (options) => childProcessHost(forkActor, options),
    serveLocalActor({ backends, ...parts }) {
      serveProcess({ chooseDevice: chooseNodeDevice, ...parts, load: predictorLoader(backends, importJob) });
    },
    serveActors(served, { backends, ...parts }) {
      enterActor();
      const actor = { chooseDevice: chooseNodeDevice, ...parts, load: servedLoader(served, backends) };
      if (!servedAsWorker(actor)) serveProcess(actor);
    },
  };
}
