import type { TabMemory } from "./tab-memory.ts";

/** What the page was opened by: where the coordinator is, and what lets this tab in. */
export interface Invitation {
  /** Of the coordinator, with its base path, ending in `/`. */
  readonly base: string;
  readonly token: string;
}

/**
 * The invitation in the address bar; where its fragment is gone, the one that this tab was opened with, which then is put back there, so that
 * the address can be shared. Undefined where there never was one.
 */
export function readInvitation(memory: TabMemory): Invitation | undefined {
  const given = location.hash.slice(1);
  const token = given === "" ? memory.get("token") : given;
  if (token === undefined) return undefined;
  memory.set("token", token);
  if (given === "") history.replaceState(history.state, "", `#${token}`);
  return { base: pageBase(), token };
}

/** Where this page is, which is where the coordinator is. */
export function pageBase(): string {
  return new URL(".", location.href).href;
}

/** As a link that an agent takes. */
export function linkOf({ base, token }: Invitation): string {
  return `${base}#${token}`;
}
