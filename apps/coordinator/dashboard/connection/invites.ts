import type { Invite } from "@shoal/cluster";
import { authorization, type Address } from "./address.ts";

/** An invite with the link that uses it, where that is known: a coordinator keeps the links that it printed, and tells of others only to who had them made. */
export interface InviteLink extends Invite {
  readonly link?: string;
}

/** What a link can be made for here. */
export type InviteKind = "tab" | "machine" | "watch";

const wishes = {
  tab: { scopes: ["work"], volunteer: true },
  machine: { scopes: ["work"], volunteer: false },
  watch: { scopes: ["observe"], volunteer: false },
} as const satisfies Record<InviteKind, Pick<Invite, "scopes" | "volunteer">>;

/** The coordinator's invites; undefined where this page's token does not allow to see them. */
export async function fetchInvites(address: Address, signal?: AbortSignal): Promise<readonly InviteLink[] | undefined> {
  const response = await fetch(`${address.base}/api/invites`, { headers: authorization(address), cache: "no-store", ...(signal === undefined ? {} : { signal }) });
  if (!response.ok) return undefined;
  const { invites } = (await response.json()) as { invites?: unknown };
  return Array.isArray(invites) ? invites.filter(isInvite).map(({ link, ...invite }) => (isWebAddress(link) ? { ...invite, link } : invite)) : undefined;
}

/** Has a link made: for tabs of volunteers, whoever they are; for machines of one's own; or for those who only look on. */
export async function makeInvite(address: Address, kind: InviteKind): Promise<InviteLink> {
  const response = await fetch(`${address.base}/api/invites`, {
    method: "POST", headers: { ...authorization(address), "content-type": "application/json" }, body: JSON.stringify(wishes[kind]),
  });
  if (!response.ok) throw new Error(`The coordinator answered ${response.status}.`);
  const { invite, link } = (await response.json()) as { invite?: unknown; link?: unknown };
  if (!isInvite(invite) || !isWebAddress(link)) throw new Error("The coordinator's answer has no link.");
  return { ...invite, link };
}

/** From now on nobody comes in by this invite, and who came in by it is asked to leave. */
export async function revokeInvite(address: Address, id: string): Promise<void> {
  const response = await fetch(`${address.base}/api/invites/${encodeURIComponent(id)}`, { method: "DELETE", headers: authorization(address) });
  if (!response.ok) throw new Error(`The coordinator answered ${response.status}.`);
}

/** A link can be opened, so nothing else is taken for one. */
function isWebAddress(link: unknown): link is string {
  return typeof link === "string" && /^https?:\/\//.test(link);
}

function isInvite(value: unknown): value is InviteLink {
  if (typeof value !== "object" || value === null) return false;
  const { id, scopes } = value as Partial<Invite>;
  return typeof id === "string" && Array.isArray(scopes);
}
