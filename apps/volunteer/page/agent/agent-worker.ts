// The worker that the page's agent lives in. It is driven by messages; its timers run when the page is hidden, as the page's own do not.
import type { Agent, AgentEvent } from "@shoal/cluster";
import { ShoalError } from "@shoal/core";
// @boundaries-ignore shoal serves this page, so it can't be a dependency of it; the page is built when shoal is
import { startAgent } from "shoal/agent";
import type { AgentReport, AgentToPage, BeginMessage, PageToAgent } from "./agent-port.ts";
import { isNotLoaded } from "./is-not-loaded.ts";

let starting: Promise<Agent> | undefined;

addEventListener("message", ({ data }: MessageEvent<PageToAgent>) => void obey(data).catch(crash));
addEventListener("unhandledrejection", ({ reason }) => crash(reason));

async function obey(message: PageToAgent): Promise<void> {
  if (message.kind === "begin") starting ??= begin(message);
  const agent = await starting?.catch(() => undefined);
  switch (message.kind) {
    case "pause": return agent?.pause();
    case "resume": return agent?.resume();
    case "duty-cycle": return agent?.setDutyCycle(message.dutyCycle);
    case "notice": return agent?.setNotice(message.notice);
    case "drain": return void agent?.drain(message.why).catch(() => {});
    default:
  }
}

async function begin({ link, name, label, dutyCycle, paused, notice }: BeginMessage): Promise<Agent> {
  try {
    const agent = await startAgent(link, { name, label, dutyCycle, onEvent: (event) => say(asData(event)) });
    if (paused) agent.pause();
    agent.setNotice(notice);
    return agent;
  } catch (error) {
    // A link that can't be read, a tab that has nothing to compute with: no other worker would fare better.
    const data = ShoalError.from(error).toData();
    if (!isNotLoaded(data.message)) say({ kind: "ended", error: data });
    throw error;
  }
}

function asData(event: AgentEvent): AgentReport {
  return "error" in event && event.error !== undefined ? { ...event, error: event.error.toData() } as AgentReport : event as AgentReport;
}

function crash(error: unknown): void {
  say({ kind: "crashed", error: ShoalError.from(error).toData() });
}

function say(message: AgentToPage): void {
  postMessage(message);
}
