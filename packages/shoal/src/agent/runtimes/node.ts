// Node. It has no WebSocket of its own before version 22.
import { WebSocket } from "ws";
import type { WebSocketLike } from "@shoal/cluster";
import type { AgentRuntime } from "../agent-runtime.ts";

export { defaultLabel, host, keepAlive, keepCode, takeName } from "./machine.ts";

export const runtime: AgentRuntime["runtime"] = () => `node ${process.versions.node}`;

export const openSocket: AgentRuntime["openSocket"] = (url) => new WebSocket(url, { perMessageDeflate: false, maxPayload: 2 ** 26 }) as unknown as WebSocketLike;
