import { keepBeating } from "./gateway-beat.ts";
import type { GatewayParts } from "./gateway-parts.ts";
import { assembleGateway } from "./assemble-gateway.ts";
import { defaultGatewaySettings } from "./gateway-settings.ts";
import type { Gateway } from "./gateway.ts";
import { RunningGateway } from "./running-gateway.ts";
import { takeEpoch } from "./take-epoch.ts";

/**
 * Opens a gateway over an engine, beside any others that it has: each job is led by the one that its driver came to. What was committed before is known as soon as a driver
 * brings its job again. The engine keeps that, with what describes jobs, and what all its gateways have in common: the secret, invites, the mark of their store. Everything else ends with the gateway. The engine stays the
 * caller's to close.
 */
export async function createGateway(parts: GatewayParts): Promise<Gateway> {
  const epoch = await takeEpoch(parts.engine, parts.settings?.leaderMs ?? defaultGatewaySettings.leaderMs);
  const modules = assembleGateway(parts, epoch);
  const { state: { signal }, invites, talk, roles, elsewhere, connections } = modules;
  await invites.load();
  await talk.open();
  keepBeating(modules).catch(() => {});
  roles.keep().catch(() => {});
  void talk.listen();
  elsewhere.run();
  void invites.follow(signal, (invite) => connections.revoke(invite));
  return new RunningGateway(modules);
}
