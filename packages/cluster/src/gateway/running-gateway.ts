import { closeGateway } from "./close-gateway.ts";
import type { GatewayRooms } from "./gateway-rooms.ts";
import type { CloseOptions, Gateway } from "./gateway.ts";
import { modelFile } from "./jobs/model-files.ts";
import { takeSnapshot } from "./snapshot/take-snapshot.ts";
import { whyPaused } from "./why-paused.ts";

/** What whoever runs a gateway may ask of it. */
export class RunningGateway implements Gateway {
  readonly ended: Promise<void>;
  readonly #rooms: GatewayRooms;
  #closing: Promise<void> | undefined;

  constructor(rooms: GatewayRooms) {
    this.#rooms = rooms;
    this.ended = new Promise((resolve) => rooms.state.signal.addEventListener("abort", () => resolve(), { once: true }));
  }

  accept(...[channel, origin]: Parameters<Gateway["accept"]>): void {
    this.#rooms.connections.accept(channel, origin);
  }

  invite(...[scopes, options]: Parameters<Gateway["invite"]>): ReturnType<Gateway["invite"]> {
    return this.#rooms.invites.invite(scopes, options);
  }

  invites(): ReturnType<Gateway["invites"]> {
    return this.#rooms.invites.list();
  }

  async revoke(invite: string): Promise<void> {
    const { invites, connections } = this.#rooms;
    const revoked = invites.revoke(invite);
    connections.revoke(invite);
    await revoked;
  }

  noteUse(token: string): void {
    this.#rooms.invites.noteUse(token);
  }

  allows(...[token, scope]: Parameters<Gateway["allows"]>): boolean {
    return this.#rooms.invites.allows(token, scope);
  }

  modelFile(model: string, path: string): ReturnType<Gateway["modelFile"]> {
    return modelFile(this.#rooms.state, model, path);
  }

  snapshot(): ReturnType<Gateway["snapshot"]> {
    const { state, trouble, elsewhere, invites } = this.#rooms;
    return takeSnapshot(state, whyPaused(state, trouble), elsewhere, invites.list().some(({ scopes, revoked }) => !revoked && scopes.includes("work")));
  }

  watch(onChange: () => void): () => void {
    return this.#rooms.watchers.watch(onChange);
  }

  close(options: CloseOptions = {}): Promise<void> {
    return (this.#closing ??= closeGateway(this.#rooms, options));
  }
}
