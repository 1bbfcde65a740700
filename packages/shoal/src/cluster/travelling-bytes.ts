import { sha256Of, type TravellingFile } from "@shoal/cluster";

/** A file that is had whole or not at all, as in a page. It is not kept: whoever sends it reads it once more. */
export async function travellingBytes(path: string, read: () => Promise<Uint8Array>): Promise<TravellingFile> {
  const bytes = await read();
  return {
    path, bytes: bytes.byteLength, sha256: await sha256Of(bytes as Uint8Array<ArrayBuffer>),
    async *read() {
      yield await read();
    },
  };
}
