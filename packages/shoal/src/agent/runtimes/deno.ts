// Deno.
import type { WebSocketLike } from "@shoal/cluster";
import type { AgentRuntime } from "../agent-runtime.ts";

export { defaultLabel, host, keepAlive, keepCode, takeName } from "./machine.ts";

export const runtime: AgentRuntime["runtime"] = () => `deno ${process.versions["deno"] ?? ""}`.trim();

export const socketOpener: AgentRuntime["socketOpener"] = async () => (url) => new WebSocket(url) as unknown as WebSocketLike;
