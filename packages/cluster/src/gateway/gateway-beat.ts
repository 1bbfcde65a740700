import { ShoalError } from "@shoal/core";
import type { GatewayModules } from "./assemble-gateway.ts";
import { tellFleet } from "./snapshot/tell-fleet.ts";

const pulseMs = 1_000;

/** Looks about once a second after what nothing else would remind of, until the gateway is over. */
export async function keepBeating(modules: GatewayModules): Promise<void> {
  const { clock, signal, log } = modules.state;
  while (!signal.aborted) {
    await clock.sleep(pulseMs, signal);
    try {
      beat(modules);
    } catch (error) {
      log.warn(`The gateway missed a beat: ${ShoalError.from(error).message}`);
    }
  }
}

function beat({ state, desk, roles, elsewhere, collection, reach, intake, commits, connections, invites, asks, trouble }: GatewayModules): void {
  desk.mindAbsence();
  roles.mind((job) => elsewhere.lending.isFollowing(job));
  collection.mind();
  intake.mindLate();
  reach.mind();
  commits.mindLate();
  connections.endSilent();
  invites.forgetExpired();
  asks.ask();
  // What waits to be stored or committed tells more than something small would.
  if (intake.open === 0 && ![...state.loop.state.jobs.values()].some(({ committing }) => committing > 0)) trouble.probe();
  tellFleet(state, trouble.why);
  // Rates fade, though nothing happens.
  if (state.links.size > 0) state.changed();
}
