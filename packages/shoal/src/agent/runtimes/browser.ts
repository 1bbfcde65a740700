// A tab: a worker of its page, or the page itself.
import type { WebSocketLike } from "@shoal/cluster";
import type { AgentRuntime, TakenName } from "../agent-runtime.ts";

interface TabNavigator {
  readonly userAgent: string;
  readonly userAgentData?: { readonly brands: readonly { readonly brand: string; readonly version: string }[]; readonly platform?: string };
  readonly locks?: LockManager;
}

const tab = globalThis.navigator as unknown as TabNavigator;

export const host: AgentRuntime["host"] = "tab";

/** As in `Chromium 140`. */
export const runtime: AgentRuntime["runtime"] = () => {
  const { userAgentData, userAgent } = tab;
  const brand = userAgentData?.brands.find(({ brand: name }) => !/not.*brand|^chromium$/i.test(name)) ?? userAgentData?.brands.find(({ brand: name }) => name === "Chromium");
  if (brand !== undefined) return `${brand.brand} ${brand.version}`;
  const [, name, version] = /(Firefox|Edg|Chrome)\/(\d+)/.exec(userAgent) ?? /Version\/(\d+).*(Safari)/.exec(userAgent)?.toSpliced(1, 0, "Safari") ?? [];
  return name === undefined ? "a browser" : `${name} ${version}`;
};

export const defaultLabel: AgentRuntime["defaultLabel"] = () => {
  const system = tab.userAgentData?.platform ?? /\((?:X11; )?([A-Za-z ]+)/.exec(tab.userAgent)?.[1] ?? "";
  return system === "" ? runtime() : `${runtime()} on ${system}`;
};

export const socketOpener: AgentRuntime["socketOpener"] = async () => (url) => new WebSocket(url) as unknown as WebSocketLike;

/** An agent that ended a moment ago may hold its name still: a worker that is started again at once waits for it. */
const patienceMs = 3_000;

/**
 * A page that is copied takes along what it kept, its worker's name too: whoever comes second gets another. Without Web Locks (a page that
 * came over plain http) nobody can tell, and a given name is taken as it is.
 */
export const takeName: AgentRuntime["takeName"] = async (given) => {
  if (given === undefined || tab.locks === undefined) return unlocked(given ?? randomName());
  const release = await lockSoon(tab.locks, `shoal worker ${given}`);
  return release === undefined ? unlocked(randomName()) : { name: given, [Symbol.asyncDispose]: () => Promise.resolve(release()) };
};

function unlocked(name: string): TakenName {
  return { name, [Symbol.asyncDispose]: () => Promise.resolve() };
}

export const keepAlive: AgentRuntime["keepAlive"] = () => () => {};

/** `randomUUID` is there for secure pages alone. */
function randomName(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Undefined where somebody else keeps it. */
function lockSoon(locks: LockManager, name: string): Promise<(() => void) | undefined> {
  return new Promise((resolve) => {
    locks.request(name, { signal: AbortSignal.timeout(patienceMs) }, () => new Promise<void>((release) => resolve(release))).catch(() => resolve(undefined));
  });
}
