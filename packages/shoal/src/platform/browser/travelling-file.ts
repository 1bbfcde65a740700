import type { TravellingFile } from "@shoal/cluster";
import { ShoalError } from "@shoal/core";
import { travellingBytes } from "../../cluster/travelling-bytes.ts";

/** A file of the page's own server, by its address. @throws `download-failed` */
export async function openTravellingFile(path: string, place: string, signal: AbortSignal): Promise<TravellingFile> {
  const url = new URL(place, globalThis.location.href).href;
  return travellingBytes(path, async () => {
    const response = await fetch(url, { signal });
    if (response.ok) return new Uint8Array(await response.arrayBuffer());
    throw new ShoalError("download-failed", `${url} could not be fetched: ${response.status} ${response.statusText}`, { failure: "bug", hint: "Check the address.", details: { url } });
  });
}

export { openTravellingFile as openTravellingOnnx };
