export { startAgent, type StartAgentOptions } from "./start-agent.ts";
export type { Agent, AgentEvent } from "@shoal/cluster";
