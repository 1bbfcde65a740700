import { GatewayHosts, parseLink, runAgent, type Agent, type AgentEvent, type AgentParts } from "@shoal/cluster";
import { ShoalError, systemClock, systemRandom, type ConcreteDevice, type Devices, type Logger, type Resources } from "@shoal/core";
import { localMachine } from "#platform";
import * as agentRuntime from "#agent-runtime";
import { openMachine } from "../platform/open-machine.ts";
import type { AgentRuntime } from "./agent-runtime.ts";
import { dialSocket } from "./dial.ts";
import { fetchCode } from "./fetch-code.ts";
import { fetchModel } from "./fetch-model.ts";
import { modelUrl } from "./model-url.ts";

export interface StartAgentOptions {
  /** For people, as in "Anna's laptop". Default: the name of the machine, or of the browser. */
  readonly label?: string;
  /** By which the coordinator knows this worker again. Default: kept by the machine; in a page random, so that pages give one that they keep. */
  readonly name?: string;
  readonly onEvent?: (event: AgentEvent) => void;
  /** Ends it at once. */
  readonly signal?: AbortSignal;
  /** The share of time to compute in, from 0.01 to 1. Default 1. */
  readonly dutyCycle?: number;
  /** What it may use; what is not declared is detected. */
  readonly resources?: Partial<Resources>;
  /** Whether it runs predictors that come as code with a job: whoever submits the job can then do here what you can. Never in a page. */
  readonly allowCode?: boolean;
  /** Devices to use, the best first. Default: those that the machine shows a sign of. */
  readonly devices?: readonly ConcreteDevice[];
  /** How it connects, where that is no WebSocket at the link: a coordinator of this process. */
  readonly dial?: AgentParts["dial"];
}

/**
 * Lends this machine, or this tab, to the coordinator of a link, and connects again whenever the connection is lost. In a page it is called
 * in a dedicated worker, so that timers go on when the page is hidden.
 * @throws `bad-link`, `bad-option`
 */
export async function startAgent(link: string, options: StartAgentOptions = {}): Promise<Agent> {
  const runtime: AgentRuntime = agentRuntime;
  const { urls, token } = parseLink(link);
  const hosts = new GatewayHosts(urls, systemRandom);
  const { onEvent, signal, allowCode = false, dutyCycle } = options;
  const tell = (event: AgentEvent): void => onEvent?.(event);
  const { host, resources, devices } = await openMachine(localMachine, { log: noticesOf(tell), resources: options.resources });
  const usable = usableDevices(devices, options.devices);
  const keepCode = allowCode ? runtime.keepCode : undefined;
  const identity = await runtime.takeName(options.name);
  const letGo = runtime.keepAlive();
  const close = async (): Promise<void> => {
    letGo();
    await host[Symbol.asyncDispose]();
    await identity[Symbol.asyncDispose]();
  };
  try {
    const agent = runAgent({
      dial: options.dial ?? hosts.dial((base, abort) => dialSocket(base, runtime.socketOpener, "worker", abort), systemClock),
      name: identity.name, token, host, resources, clock: systemClock, random: systemRandom, devices: usable,
      traits: {
        label: options.label ?? runtime.defaultLabel(), host: runtime.host, runtime: runtime.runtime(), devices: await usable.candidates(),
        cpus: resources.cpus, gpus: resources.gpus, memoryBytes: resources.memory, models: [], runsCode: keepCode !== undefined,
      },
      modelUrl: (model, { key }) => modelUrl(hosts.current, key, model),
      fetchModel,
      // Whoever may bring code may read everything here anyway.
      ...(keepCode === undefined && { takesModel: isPublicModel }),
      onEvent: tell,
      ...(keepCode !== undefined && { codeUrl: ({ sha256 }, { key }) => fetchCode(`${hosts.current}code/~${key}/${sha256}.js`, sha256, keepCode) }),
      ...(signal !== undefined && { signal }),
      ...(dutyCycle !== undefined && { dutyCycle }),
    });
    const ended = agent.ended.then(close, async (error: unknown) => {
      await close();
      throw error;
    });
    ended.catch(() => {});
    return {
      ended,
      drain: (why) => {
        void agent.drain(why).catch(() => {});
        return ended;
      },
      pause: () => agent.pause(),
      resume: () => agent.resume(),
      setDutyCycle: (share) => agent.setDutyCycle(share),
      setNotice: (notice) => agent.setNotice(notice),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What is chosen for a model is remembered for whatever key it was fetched with. */
function usableDevices(devices: Devices, given: readonly ConcreteDevice[] | undefined): Devices {
  if (given?.length === 0) throw new ShoalError("bad-option", "devices: an empty list leaves nothing to compute with.", { failure: "bug", hint: "Name one, or leave the option out." });
  return {
    candidates: () => (given === undefined ? devices.candidates() : Promise.resolve(given)),
    recall: (key) => devices.recall?.(withoutKeys(key)) ?? Promise.resolve(undefined),
    remember: (key, choice, forMs) => devices.remember?.(withoutKeys(key), choice, ...(forMs === undefined ? [] : [forMs])) ?? Promise.resolve(),
  };
}

function noticesOf(tell: (event: AgentEvent) => void): Logger {
  const notice = (message: string): void => tell({ kind: "notice", message: withoutKeys(message) });
  return { debug: () => {}, info: notice, warn: notice, download: (file) => tell({ kind: "download", ...file, url: withoutKeys(file.url) }) };
}

/** A key in an address is nobody's business but the coordinator's. */
function withoutKeys(text: string): string {
  return text.replaceAll(/\/~[\w.-]+/g, "");
}

/** A hub id, or an address that anybody can ask; never a file of this machine, nor a service that only its network sees. */
function isPublicModel(model: string): boolean {
  return /^https:\/\//i.test(model) || (/^[\w-][\w.-]*(\/[\w-][\w.-]*)?$/.test(model) && !model.includes(".."));
}
