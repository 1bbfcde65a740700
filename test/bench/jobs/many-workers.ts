// Many workers in one process that are welcomed, say that they live, and get nothing to do.
import { parseLink, protocolVersion, socketChannel, type WebSocketLike } from "@shoal/cluster";
import { systemClock } from "@shoal/core";
import { WebSocket } from "ws";

const { link, count } = JSON.parse(process.argv[2] as string) as { readonly link: string; readonly count: number };
const { url, token } = parseLink(link);
const address = new URL("connect", url.replace(/^http/, "ws"));
for (let at = 0; at < count; at++) {
  // So many at a time that none waits for long in the line of those who knock.
  if (at % 50 === 49) await new Promise((resolve) => setTimeout(resolve, 20));
  const socket = new WebSocket(address, { perMessageDeflate: false, generateMask: (mask) => void mask.fill(0) });
  const channel = socketChannel(socket as unknown as WebSocketLike, { side: "worker", clock: systemClock });
  channel.listen({ closed: () => process.exit(1), message: (message) => {
    if (message.kind === "welcome") setInterval(() => channel.send({ kind: "beat", rows: 0, state: "waiting" }), message.beatMs);
  } });
  channel.send({ kind: "hello", protocol: protocolVersion, role: "worker", token, name: `worker-${at}-${process.pid}`, worker: { label: `worker ${at}`, host: "machine", runtime: "node", devices: ["cpu"], cpus: 1, gpus: 0, memoryBytes: 8e9, models: [], runsCode: false } });
}
process.on("SIGTERM", () => process.exit(0));
