import { ShoalError } from "@shoal/core";
import type { DriverToGateway } from "../connection/messages.ts";
import type { TravellingFile } from "./travelling-file.ts";

/** Of one message. What is not whole when its connection is lost goes once more: where connections break soon, and lines are slow, that is to be little. */
const pieceBytes = 256 * 2 ** 10;
/** Sent, and not stored by the gateway: its disk may be slower than the line to it. */
const mostUnderWayBytes = 16 * 2 ** 20;

/** Files that were sent, or are being sent, on one connection: two jobs with one model send it once. */
export class SentFiles {
  readonly #sent = new Set<string>();
  readonly #underway = new Map<string, Promise<void>>();
  /** Lengths of the pieces that the gateway has yet to store, in order. */
  readonly #pieces: number[] = [];
  #bytes = 0;
  readonly #waiting = new Set<() => void>();

  /** Another connection has begun: nothing is known to have arrived. */
  forget(): void {
    this.#sent.clear();
    this.#underway.clear();
    this.#pieces.length = 0;
    this.#bytes = 0;
    this.#wake();
  }

  /** A piece is on its way. */
  sending(bytes: number): void {
    this.#pieces.push(bytes);
    this.#bytes += bytes;
  }

  /** The gateway has stored the earliest piece that was on its way. */
  taken(): void {
    this.#bytes -= this.#pieces.shift() ?? 0;
    this.#wake();
  }

  /** Settles when a further piece may go. @throws the signal's reason */
  async room(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    while (this.#bytes >= mostUnderWayBytes) {
      await new Promise<void>((resolve) => {
        const go = (): void => {
          signal.removeEventListener("abort", go);
          this.#waiting.delete(go);
          resolve();
        };
        this.#waiting.add(go);
        signal.addEventListener("abort", go, { once: true });
      });
      signal.throwIfAborted();
    }
  }

  #wake(): void {
    for (const go of this.#waiting) go();
  }

  /** Sends a file, or waits for whoever does; should that one give up, sends it after all. */
  async once(sha256: string, signal: AbortSignal, send: () => Promise<void>): Promise<void> {
    for (let other = this.#underway.get(sha256); other !== undefined; other = this.#underway.get(sha256)) {
      await other.catch(() => {});
      signal.throwIfAborted();
    }
    if (this.#sent.has(sha256)) return;
    const sending = send();
    this.#underway.set(sha256, sending);
    try {
      await sending;
      this.#sent.add(sha256);
    } finally {
      if (this.#underway.get(sha256) === sending) this.#underway.delete(sha256);
    }
  }
}

export interface SendFilesParts {
  /** How much of each the gateway has, from its start. */
  readonly arrived?: ReadonlyMap<string, number>;
  readonly sent: SentFiles;
  readonly send: (message: DriverToGateway, payload?: Uint8Array) => void;
  readonly room: (signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
}

/** Sends files one after the other. @throws what reading them throws; `file-changed` where one has not the length that it had. */
export async function sendFiles(files: readonly TravellingFile[], parts: SendFilesParts): Promise<void> {
  for (const file of files) {
    parts.signal.throwIfAborted();
    await parts.sent.once(file.sha256, parts.signal, () => sendFile(file, parts));
  }
}

async function sendFile(file: TravellingFile, { send, room, sent, signal, arrived }: SendFilesParts): Promise<void> {
  const { sha256, bytes } = file;
  const start = Math.min(arrived?.get(sha256) ?? 0, bytes);
  let offset = start;
  let readBytes = 0;
  const say = async (piece: Uint8Array): Promise<void> => {
    await room(signal);
    await sent.room(signal);
    sent.sending(piece.byteLength);
    send({ kind: "file", sha256, offset, last: offset + piece.byteLength >= bytes }, piece);
    offset += piece.byteLength;
  };
  for await (const read of file.read(signal)) {
    for (let at = Math.max(0, start - readBytes); at < read.byteLength; at += pieceBytes) await say(read.subarray(at, at + pieceBytes));
    readBytes += read.byteLength;
  }
  // Of an empty one, and of one that is there but for the word that it is whole.
  if (start === bytes && readBytes === bytes) await say(new Uint8Array());
  if (offset === bytes && readBytes === bytes) return;
  throw new ShoalError("file-changed", `${file.localPath ?? file.path} had ${bytes} bytes when it was first read, and has ${readBytes} now.`, { failure: "bug", hint: "Run again once the file is at rest." });
}
