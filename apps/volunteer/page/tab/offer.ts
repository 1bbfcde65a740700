import type { ErrorData } from "@shoal/core";
import type { Offer, OfferedJob } from "@shoal/volunteer";
import type { Invitation } from "./invitation.ts";

export type { Offer, OfferedJob };

/** Why there is no offer, and what helps. */
export interface Problem {
  readonly title: string;
  readonly advice: string;
  /** Asking again may help. */
  readonly again: boolean;
}

/** Asks the coordinator what there is to do. Never rejects but when it is aborted. */
export async function readOffer({ base, token }: Invitation, signal: AbortSignal): Promise<Offer | Problem> {
  let response: Response;
  try {
    response = await fetch(new URL("api/job", base), { headers: { authorization: `Bearer ${token}` }, cache: "no-store", signal });
  } catch (error) {
    if (signal.aborted) throw error;
    return unreachable();
  }
  const answer: unknown = await response.json().catch(() => undefined);
  signal.throwIfAborted();
  if (response.ok && isOffer(answer)) return answer;
  return response.status === 401 || response.status === 403 ? refused(response.status, codeOf(answer)) : {
    title: "The coordinator can't be understood",
    advice: `${new URL(base).host} answered with ${response.status} and something else than an offer of work. It may be starting, or a proxy in front of it may have answered for it. Try again in a moment.`,
    again: true,
  };
}

export function isProblem(answer: Offer | Problem): answer is Problem {
  return "again" in answer;
}

/** Of a page that was opened without a token. */
export const incompleteLink: Problem = {
  title: "This link is incomplete",
  advice: "The part behind the # is missing: it lets a tab in. Open the whole link, as it was sent to you, or scan its QR code again.",
  again: false,
};

function unreachable(): Problem {
  return { title: "Nobody answers at this link", advice: `The coordinator at ${location.host} is not there, or not any more. Most often its job is over, and this tab can be closed; or that machine is asleep, or this device has lost its network.`, again: true };
}

function refused(status: number, code: string): Problem {
  if (/expired/.test(code)) return { title: "This link has expired", advice: "Ask whoever gave it to you for a new one.", again: false };
  if (/revoked/.test(code)) return { title: "This link was withdrawn", advice: "Whoever gave it to you has taken it back. Ask for a new one, if you want to go on helping.", again: false };
  if (status === 403) return { title: "This link is not for lending a tab", advice: "It allows other things, such as looking at the dashboard. Ask for a link that lets volunteers in.", again: false };
  return {
    title: "This link lets nobody in",
    advice: "It may have expired, it may have been withdrawn, it may have been cut short when it was copied, or it may be for other things than lending a tab. Ask whoever gave it to you for a new one.",
    again: false,
  };
}

function codeOf(answer: unknown): string {
  const { error } = (answer ?? {}) as { readonly error?: Partial<ErrorData> };
  return String(error?.code ?? "");
}

function isOffer(answer: unknown): answer is Offer {
  return typeof answer === "object" && answer !== null && "name" in answer && "jobs" in answer && Array.isArray(answer.jobs);
}
