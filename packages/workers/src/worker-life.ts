import type { ActorChannel, ActorCommand, ActorEvent } from "./actor-protocol.ts";

// A browser says nothing of a worker that somebody terminated, that closed itself, or that it ended for want of memory; and silence may be
// a long run. But it gives back what the worker had locked. Deno and Bun have no such locks.
interface Locks {
  request(name: string, held: () => unknown): Promise<unknown>;
}

function webLocks(): Locks | undefined {
  return (globalThis as { navigator?: { readonly locks?: Locks } }).navigator?.locks;
}

/** Inside a worker: locks a name of its own for as long as it lives, and tells it. Settles when it has. */
export function holdLifeLock(channel: Pick<ActorChannel<ActorEvent, ActorCommand>, "send">): Promise<void> {
  const locks = webLocks();
  // A page that came over plain http has neither locks nor `randomUUID`.
  if (locks === undefined) return Promise.resolve();
  const name = `shoal-actor ${crypto.randomUUID()}`;
  return new Promise((told) => {
    const held = locks.request(name, () => {
      channel.send({ kind: "alive", lock: name });
      told();
      return new Promise(() => {});
    });
    // The visitor's settings may keep pages from having any.
    void held.catch(() => {}).then(() => told());
  });
}

/** Outside: tells when the worker that locked this name is gone. */
export function onLifeLockFree(name: string, gone: () => void): void {
  void webLocks()?.request(name, gone).catch(() => {});
}
