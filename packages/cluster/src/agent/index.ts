export type { Agent, AgentEvent, AgentParts, Dial } from "./agent.ts";
export { runAgent } from "./run-agent.ts";
