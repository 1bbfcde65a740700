import { connectUrl, socketChannel, type DriverChannel } from "@shoal/cluster";
import { ShoalError, type Clock } from "@shoal/core";
import { openWebSocket } from "#web-socket";

/** Opens a driver's connection to the coordinator at a URL. @throws `unreachable` */
export async function dialGateway(url: string, clock: Clock, signal: AbortSignal): Promise<DriverChannel> {
  signal.throwIfAborted();
  const socket = openWebSocket(connectUrl({ url }));
  // From the start, so that nothing that comes is missed.
  const channel = socketChannel(socket, { side: "driver", clock, label: new URL(url).host });
  await new Promise<void>((resolve, reject) => {
    let why = "";
    socket.addEventListener("open", () => resolve());
    socket.addEventListener("error", ((event: { readonly message?: string; readonly error?: { readonly code?: string } }) => (why ||= event.message ?? event.error?.code ?? "")) as never);
    socket.addEventListener("close", () => reject(unreachable(url, why)));
    signal.addEventListener("abort", () => {
      channel.close();
      reject(signal.reason as Error);
    }, { once: true });
  });
  return channel;
}

function unreachable(url: string, why: string): ShoalError {
  return new ShoalError("unreachable", `The coordinator at ${url} can't be reached${why === "" ? "" : `: ${why}`}.`, {
    hint: "Check that it runs (shoal serve), that this machine can reach that address, and that the link is whole.", details: { url },
  });
}
