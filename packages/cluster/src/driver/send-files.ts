import { ShoalError } from "@shoal/core";
import type { DriverToGateway } from "../connection/messages.ts";
import type { TravellingFile } from "./travelling-file.ts";

/** Of one message. */
const pieceBytes = 4 * 2 ** 20;

export interface SendFilesParts {
  readonly send: (message: DriverToGateway, payload?: Uint8Array) => void;
  readonly room: (signal: AbortSignal) => Promise<void>;
  /** A coordinator of this process takes a file where it lies. True where it did. */
  readonly placeFile?: ((sha256: string, localPath: string) => Promise<boolean>) | undefined;
  readonly signal: AbortSignal;
}

/** Sends files one after the other. @throws what reading them throws; `file-changed` where one has not the length that it had. */
export async function sendFiles(files: readonly TravellingFile[], parts: SendFilesParts): Promise<void> {
  for (const file of files) {
    parts.signal.throwIfAborted();
    if (file.localPath !== undefined && (await parts.placeFile?.(file.sha256, file.localPath)) === true) continue;
    await sendFile(file, parts);
  }
}

async function sendFile(file: TravellingFile, { send, room, signal }: SendFilesParts): Promise<void> {
  const { sha256, bytes } = file;
  let offset = 0;
  const say = async (piece: Uint8Array): Promise<void> => {
    await room(signal);
    signal.throwIfAborted();
    send({ kind: "file", sha256, offset, last: offset + piece.byteLength >= bytes }, piece);
    offset += piece.byteLength;
  };
  for await (const read of file.read(signal)) {
    for (let at = 0; at < read.byteLength; at += pieceBytes) await say(read.subarray(at, at + pieceBytes));
  }
  if (bytes === 0) await say(new Uint8Array());
  if (offset === bytes) return;
  throw new ShoalError("file-changed", `${file.localPath ?? file.path} had ${bytes} bytes when it was first read, and has ${offset} now.`, { failure: "bug", hint: "Run again once the file is at rest." });
}
