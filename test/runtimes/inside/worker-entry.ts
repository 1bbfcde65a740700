import { plainStartActor } from "@shoal/testing/plain-start-actor";
import { serveWorkerActor } from "@shoal/workers";

serveWorkerActor({ backends: [], startActor: plainStartActor, runtimes: {} });
