import { sha256Of } from "#sha256";
import type { ResultMessage } from "../connection/messages.ts";
import type { AgentConnection } from "./agent-connection.ts";
import type { Outlet } from "./held-results.ts";

/** What results go by. */
export type ResultConnection = Pick<AgentConnection, "connected" | "bufferedBytes" | "welcome" | "send">;

/**
 * Results go by the connection that there is. A coordinator that does not name them itself is told their SHA-256, which is taken when they are sent to such a one. Where that is taken elsewhere, as in a tab,
 * beats may overtake the result meanwhile: the coordinator hears that its block is not being computed any more, and leases it again.
 */
export class ResultOutlet implements Outlet {
  readonly #connection: ResultConnection;
  /** Bytes that are being hashed. */
  #hashedBytes = 0;

  constructor(connection: ResultConnection) {
    this.#connection = connection;
  }

  get connected(): boolean {
    return this.#connection.connected;
  }

  get bufferedBytes(): number {
    return this.#connection.bufferedBytes + this.#hashedBytes;
  }

  send(message: ResultMessage, payload: Uint8Array): void {
    if (this.#connection.welcome?.namesResults === true) this.#connection.send(message, payload);
    else void this.#sendNamed(message, payload);
  }

  async #sendNamed(message: ResultMessage, payload: Uint8Array): Promise<void> {
    const { welcome } = this.#connection;
    this.#hashedBytes += payload.byteLength;
    let sha256: string;
    try {
      sha256 = await sha256Of(payload as Uint8Array<ArrayBuffer>);
    } catch {
      // Not sent, it is not answered: `HeldResults` presents it again when it is overdue.
      return;
    } finally {
      this.#hashedBytes -= payload.byteLength;
    }
    // To another connection it is presented again.
    if (this.#connection.welcome === welcome) this.#connection.send({ ...message, sha256 }, payload);
  }
}
