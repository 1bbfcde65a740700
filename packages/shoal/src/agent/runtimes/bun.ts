// Bun.
import type { WebSocketLike } from "@shoal/cluster";
import type { AgentRuntime } from "../agent-runtime.ts";

export { defaultLabel, host, keepAlive, keepCode, takeName } from "./machine.ts";

export const runtime: AgentRuntime["runtime"] = () => `bun ${process.versions["bun"] ?? ""}`.trim();

export const socketOpener: AgentRuntime["socketOpener"] = async () => (url) => new WebSocket(url) as unknown as WebSocketLike;
