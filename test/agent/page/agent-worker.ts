import { startAgent, type Agent } from "shoal/agent";

interface Order {
  readonly link?: string;
  readonly name?: string;
  readonly drain?: string;
}

let agent: Agent | undefined;
const scope = globalThis as unknown as { postMessage(value: unknown): void; addEventListener(type: "message", listener: (event: { readonly data: Order }) => void): void };

scope.addEventListener("message", ({ data: { link, name, drain } }) => {
  if (drain !== undefined) void agent?.drain(drain);
  if (link !== undefined) void start(link, name);
});

async function start(link: string, name = ""): Promise<void> {
  agent = await startAgent(link, { name, devices: ["wasm"], onEvent: (event) => scope.postMessage(JSON.parse(JSON.stringify(event))) });
}
