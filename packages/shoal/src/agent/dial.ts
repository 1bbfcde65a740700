import { socketChannel, type Channel, type SaidBy, type TakenBy, type WebSocketLike } from "@shoal/cluster";
import { ShoalError, systemClock } from "@shoal/core";

/** Opens a WebSocket to a coordinator. @throws `unreachable`, which agents and drivers take for a reason to try again */
export function dialSocket<S extends "worker" | "driver">(base: string, openSocket: (url: string) => WebSocketLike, side: S): (signal: AbortSignal) => Promise<Channel<SaidBy[S], TakenBy[S]>> {
  const url = new URL("connect", base.replace(/^http/, "ws")).href;
  return (signal) =>
    new Promise((resolve, reject) => {
      const socket = openSocket(url);
      const over = new AbortController();
      let why = "";
      const fail = (): void => {
        over.abort();
        reject(signal.aborted ? signal.reason : unreachable(base, why));
      };
      socket.addEventListener("open", () => {
        if (over.signal.aborted) return;
        over.abort();
        resolve(socketChannel(socket, { side, clock: systemClock, label: "the coordinator" }));
      });
      socket.addEventListener("error", ({ message, error }: { readonly message?: unknown; readonly error?: unknown }) => {
        why = reasonOf(error) ?? (typeof message === "string" ? message : "");
      });
      socket.addEventListener("close", fail);
      signal.addEventListener("abort", () => {
        socket.close();
        fail();
      }, { once: true, signal: over.signal });
    });
}

/** Node tries every address of a name, and hides the reasons behind one error without words. */
function reasonOf(error: unknown): string | undefined {
  if (error instanceof AggregateError) return reasonOf(error.errors[0]);
  return error instanceof Error && error.message !== "" ? error.message : undefined;
}

function unreachable(base: string, why: string): ShoalError {
  const certificate = /certificate|self.signed|CERT/i.test(why);
  const absent = /\b(404|400|200)\b/.test(why);
  return new ShoalError("unreachable", `The coordinator at ${base} can't be reached${why === "" ? "" : `: ${why}`}.`, {
    failure: "worker-lost",
    hint: certificate
      ? "Its certificate is not trusted here: give Node its file, NODE_EXTRA_CA_CERTS=coordinator.pem, or use one of a known authority."
      : absent ? "Something else answers there: check the link." : "See whether it runs, and whether host and port can be reached from here.",
  });
}
