import type { Invite } from "@shoal/cluster";
import { authorization, type Address } from "./address.ts";

/** An invite with the link that uses it, where the coordinator still knows that. */
export interface InviteLink extends Invite {
  readonly link?: string;
}

/** The coordinator's invites; undefined where this page's token does not allow to see them. */
export async function fetchInvites(address: Address, signal?: AbortSignal): Promise<readonly InviteLink[] | undefined> {
  const response = await fetch(`${address.base}/api/invites`, { headers: authorization(address), cache: "no-store", ...(signal === undefined ? {} : { signal }) });
  if (!response.ok) return undefined;
  const answer: unknown = await response.json();
  const invites: unknown = Array.isArray(answer) ? answer : (answer as { invites?: unknown } | null)?.invites;
  return Array.isArray(invites) ? invites.filter(isInvite) : undefined;
}

/** From now on nobody comes in by this invite, and who came in by it is asked to leave. */
export async function revokeInvite(address: Address, id: string): Promise<void> {
  const response = await fetch(`${address.base}/api/invites/${encodeURIComponent(id)}`, { method: "DELETE", headers: authorization(address) });
  if (!response.ok) throw new Error(`The coordinator answered ${response.status}.`);
}

/** A link can be opened, so nothing but a web address is taken for one. */
function isInvite(value: unknown): value is InviteLink {
  if (typeof value !== "object" || value === null) return false;
  const { id, scopes, link } = value as Partial<InviteLink>;
  return typeof id === "string" && Array.isArray(scopes) && (link === undefined || /^https?:\/\//.test(link));
}
