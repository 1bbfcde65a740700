import type { ActorHost } from "@shoal/core";
import { serveActor, type ActorParts } from "../actor-server.ts";
import type { ActorChannel, ActorCommand, ActorEvent, ActorLine } from "../actor-protocol.ts";
import type { HostGaps } from "../local/host-gaps.ts";
import { actorHost, type ActorHostOptions } from "./actor-host.ts";

/**
 * Actors in this very realm: for tests, and where nothing else works. A predictor that blocks the thread blocks the job, and `kill`
 * cannot interrupt it: it only stops waiting.
 */
export function inProcessHost(parts: ActorParts, options: ActorHostOptions = {}): ActorHost {
  return actorHost("in-process", () => {
    const { line, channel, close } = localChannel();
    void serveActor(channel, parts).then(() => close("disposed"), (error: unknown) => close(String(error)));
    return line;
  }, options);
}

/** Of actors in this very realm. */
export const inProcessGaps: HostGaps = {
  killsBusy: "it blocks the job's own thread",
  exits: "it would end the job",
  lastWords: "it would end the job",
  memory: "it is the job's own",
};

interface LocalChannel {
  readonly line: ActorLine;
  readonly channel: ActorChannel<ActorEvent, ActorCommand>;
  readonly close: (detail: string) => void;
}

function localChannel(): LocalChannel {
  let close!: (detail: string) => void;
  let open = true;
  const closed = new Promise<string>((resolve) => {
    close = (detail) => {
      open = false;
      resolve(detail);
    };
  });
  let toActor: (command: ActorCommand) => void = () => {};
  let toHost: (event: ActorEvent) => void = () => {};
  // As late as over any other channel: an answer never comes before the question's turn ends.
  const later = (deliver: () => void): void => void setTimeout(deliver);
  return {
    close,
    line: {
      send: (command) => later(() => open && toActor(command)),
      onMessage: (listener) => void (toHost = listener),
      closed,
      kill: () => close("stopped waiting"),
    },
    channel: {
      send: (event) => later(() => open && toHost(event)),
      onMessage: (listener) => void (toActor = listener),
      closed,
    },
  };
}
