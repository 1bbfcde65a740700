// Node. It has no WebSocket of its own before version 22.
import { inFragments, type WebSocketLike } from "@shoal/cluster";
import type { AgentRuntime } from "../agent-runtime.ts";

export { defaultLabel, host, keepAlive, keepCode, takeName } from "./machine.ts";

export const runtime: AgentRuntime["runtime"] = () => `node ${process.versions.node}`;

/** Masks keep scripts of strangers from speaking to proxies in the middle; these bytes are our own, and masking them takes longer than sending. */
const generateMask = (mask: Buffer): void => void mask.fill(0);

export const socketOpener: AgentRuntime["socketOpener"] = async () => {
  // A run that is shared dials nobody.
  const { WebSocket } = await import("ws");
  return (url) => {
    const socket = new WebSocket(url, { perMessageDeflate: false, maxPayload: 2 ** 26, generateMask });
    let connection: { readonly bytesRead: number } | undefined;
    socket.once("upgrade", (response) => (connection = response.socket));
    return inFragments(Object.assign(socket as unknown as WebSocketLike, { bytesRead: () => connection?.bytesRead ?? 0 }));
  };
};
