import { ShoalError } from "@shoal/core";

/** What the coordinator at `base` speaks instead of what its link begins with, by what a WebSocket to it ended with; undefined where that is not it. */
export async function otherScheme(base: string, why: string, signal: AbortSignal): Promise<"http" | "https" | undefined> {
  if (base.startsWith("https:")) return isNoTls(why) ? "http" : undefined;
  // A server that is asked in clear on a port for TLS only hangs up, as one does that is starting or ending.
  return isHungUp(why) && await speaksTls(base.replace(/^http:/, "https:"), signal) ? "https" : undefined;
}

/** The words of Node, Bun and Deno. A page is told nothing, and its links are its own address. */
function isNoTls(why: string): boolean {
  return /wrong.version.number|packet length too long|InvalidContentType/i.test(why);
}

function isHungUp(why: string): boolean {
  return /hang up|Connection ended|connection closed before|ECONNRESET/i.test(why);
}

async function speaksTls(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    await (await fetch(url, { method: "HEAD", redirect: "manual", signal: AbortSignal.any([signal, AbortSignal.timeout(askedMs)]) })).body?.cancel();
    return true;
  } catch (error) {
    const { message, cause } = error as { readonly message?: string; readonly cause?: { readonly message?: string } };
    return isOfCertificate(`${message} ${cause?.message}`);
  }
}

export const askedMs = 5_000;

export function isOfCertificate(why: string): boolean {
  return /certificate|self.signed|UnknownIssuer|\bCERT_/i.test(why);
}

/** Time does not mend it. */
export function beginsOtherwise(base: string, spoken: "http" | "https"): ShoalError {
  const { protocol, host } = new URL(base);
  return new ShoalError("bad-link", `The link begins with ${protocol}//, and what answers at ${host} speaks ${spoken}.`, { failure: "bug", hint: `Let the link begin with ${spoken}://; all after that stays as it is.` });
}
