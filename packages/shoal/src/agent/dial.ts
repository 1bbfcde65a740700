import { socketChannel, type Channel, type SaidBy, type TakenBy } from "@shoal/cluster";
import { ShoalError, systemClock } from "@shoal/core";
import type { AgentRuntime } from "./agent-runtime.ts";
import { askedMs, beginsOtherwise, isOfCertificate, otherScheme } from "./other-scheme.ts";

/**
 * Opens a WebSocket to a coordinator.
 * @throws `unreachable` and `connection-lost`, which agents and drivers take for a reason to try again; `untrusted-certificate`, and `bad-link` where http is spoken and the link says https, or the other way round, which they don't: time does not mend it
 */
export async function dialSocket<S extends "worker" | "driver">(base: string, socketOpener: AgentRuntime["socketOpener"], side: S, signal: AbortSignal): Promise<Channel<SaidBy[S], TakenBy[S]>> {
  const url = new URL("connect", base.replace(/^http/, "ws")).href;
  const openSocket = await socketOpener();
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const socket = openSocket(url);
    const over = new AbortController();
    let why = "";
    const fail = async (): Promise<void> => {
      if (over.signal.aborted) return;
      over.abort();
      if (!signal.aborted && !isOfCertificate(why)) why = (await certificateFault(base)) ?? why;
      const other = signal.aborted ? undefined : await otherScheme(base, why, signal);
      reject(!signal.aborted && other !== undefined ? beginsOtherwise(base, other) : signal.aborted ? signal.reason : isOfCertificate(why) ? untrusted(base, why) : unreachable(base, why));
    };
    socket.addEventListener("open", () => {
      if (over.signal.aborted) return;
      over.abort();
      resolve(socketChannel(socket, { side, clock: systemClock, label: "the coordinator" }));
    });
    socket.addEventListener("error", ({ message, error }: { readonly message?: unknown; readonly error?: unknown }) => {
      why = reasonOf(error) ?? (typeof message === "string" ? message : "");
    });
    socket.addEventListener("close", () => void fail());
    signal.addEventListener("abort", () => {
      socket.close();
      void fail();
    }, { once: true, signal: over.signal });
  });
}

/** Node tries every address of a name, and hides the reasons behind one error without words. */
function reasonOf(error: unknown): string | undefined {
  if (error instanceof AggregateError) return reasonOf(error.errors[0]);
  return error instanceof Error && error.message !== "" ? error.message : undefined;
}

/** Of some WebSockets, as Deno's, one hears that they did not open, and not why: there a request tells. Undefined where it is something else, or nobody says. */
async function certificateFault(base: string): Promise<string | undefined> {
  if (!base.startsWith("https:")) return undefined;
  try {
    await (await fetch(base, { method: "HEAD", redirect: "manual", signal: AbortSignal.timeout(askedMs) })).body?.cancel();
    return undefined;
  } catch (error) {
    const { message, cause } = error as { readonly message?: string; readonly cause?: { readonly message?: string } };
    return [cause?.message, message].find((text) => text !== undefined && isOfCertificate(text));
  }
}

const trustIt = "Copy the file certificate.pem from the coordinator's folder (there, a note beside the links names it) to this machine, and say the command again with NODE_EXTRA_CA_CERTS=certificate.pem before it. Or give the coordinator a certificate of a known authority: --cert and --key.";

function untrusted(base: string, why: string): ShoalError {
  const otherName = /altnames|NotValidForName/i.test(why);
  return new ShoalError("untrusted-certificate", `The certificate of the coordinator at ${base} is not trusted here: ${why}.`, {
    failure: "bug",
    hint: otherName
      ? "It is a certificate for other names: use a link with one of those, or start the coordinator again, which makes one for the addresses that it has now."
      : trustIt,
  });
}

/** A coordinator that starts or ends does so too. */
function isBrokenOff(why: string): boolean {
  return /hang up|ECONNRESET|EPIPE/i.test(why);
}

function unreachable(base: string, why: string): ShoalError {
  if (isBrokenOff(why)) return new ShoalError("connection-lost", `The coordinator at ${base} broke the connection off: ${why}.`, { failure: "worker-lost", hint: "It may just be starting or ending: see whether it runs, and say the command again." });
  const absent = /\b(404|400|200)\b/.test(why);
  return new ShoalError("unreachable", `The coordinator at ${base} can't be reached${why === "" ? "" : `: ${why}`}.`, {
    failure: "worker-lost",
    // Deno tries HTTP/2 too, and says of two refusals only that one.
    hint: /NoApplicationProtocol/.test(why) ? `Most often its certificate is not trusted here. ${trustIt}`
      : absent ? "Something else answers there: check the link." : "See whether it runs, and whether host and port can be reached from here.",
  });
}
