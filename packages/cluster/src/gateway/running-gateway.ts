import { closeGateway } from "./close-gateway.ts";
import type { GatewayModules } from "./assemble-gateway.ts";
import type { CloseOptions, Gateway } from "./gateway.ts";
import { modelFile } from "./jobs/model-files.ts";
import { takeSnapshot } from "./snapshot/take-snapshot.ts";
import { whyPaused } from "./why-paused.ts";

/** What whoever runs a gateway may ask of it. */
export class RunningGateway implements Gateway {
  readonly ended: Promise<void>;
  readonly #modules: GatewayModules;
  #closing: Promise<void> | undefined;

  constructor(modules: GatewayModules) {
    this.#modules = modules;
    this.ended = new Promise((resolve) => modules.state.signal.addEventListener("abort", () => resolve(), { once: true }));
  }

  accept(...[channel, origin]: Parameters<Gateway["accept"]>): void {
    this.#modules.connections.accept(channel, origin);
  }

  invite(...[scopes, options]: Parameters<Gateway["invite"]>): ReturnType<Gateway["invite"]> {
    return this.#modules.invites.invite(scopes, options);
  }

  invites(): ReturnType<Gateway["invites"]> {
    return this.#modules.invites.list();
  }

  async revoke(invite: string): Promise<void> {
    const { invites, connections } = this.#modules;
    const revoked = invites.revoke(invite);
    connections.revoke(invite);
    await revoked;
  }

  noteUse(token: string): void {
    this.#modules.invites.noteUse(token);
  }

  allows(...[token, scope]: Parameters<Gateway["allows"]>): boolean {
    return this.#modules.invites.allows(token, scope);
  }

  modelFile(model: string, path: string): ReturnType<Gateway["modelFile"]> {
    return modelFile(this.#modules.state, model, path);
  }

  snapshot(): ReturnType<Gateway["snapshot"]> {
    const { state, trouble, elsewhere, invites } = this.#modules;
    return takeSnapshot(state, whyPaused(state, trouble), elsewhere, invites.list().some(({ scopes, revoked }) => !revoked && scopes.includes("work")));
  }

  watch(onChange: () => void): () => void {
    return this.#modules.watchers.watch(onChange);
  }

  close(options: CloseOptions = {}): Promise<void> {
    return (this.#closing ??= closeGateway(this.#modules, options));
  }
}
