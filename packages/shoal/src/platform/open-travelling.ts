import type { TravellingFile } from "@shoal/cluster";

/** @param path within its model @param place where it is: a path, or in a page an address */
export type OpenTravelling = (path: string, place: string, signal: AbortSignal) => Promise<TravellingFile>;
