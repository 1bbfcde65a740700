// A tab: a worker of its page, or the page itself.
import type { WebSocketLike } from "@shoal/cluster";
import type { AgentRuntime } from "../agent-runtime.ts";

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

export const openSocket: AgentRuntime["openSocket"] = (url) => new WebSocket(url) as unknown as WebSocketLike;

/**
 * A page that is copied takes along what it kept, its worker's name too: whoever comes second gets another. Without Web Locks (a page that
 * came over plain http) nobody can tell, and a given name is taken as it is.
 */
export const takeName: AgentRuntime["takeName"] = async (given) => {
  const wanted = given ?? randomName();
  if (tab.locks === undefined) return { name: wanted, [Symbol.asyncDispose]: () => Promise.resolve() };
  for (const name of [wanted, randomName()]) {
    const release = await lockIfFree(tab.locks, `shoal worker ${name}`);
    if (release !== undefined) return { name, [Symbol.asyncDispose]: () => Promise.resolve(release()) };
  }
  return { name: randomName(), [Symbol.asyncDispose]: () => Promise.resolve() };
};

export const keepAlive: AgentRuntime["keepAlive"] = () => () => {};

/** `randomUUID` is there for secure pages alone. */
function randomName(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function lockIfFree(locks: LockManager, name: string): Promise<(() => void) | undefined> {
  return new Promise((resolve, reject) => {
    locks
      .request(name, { ifAvailable: true }, (lock) => {
        if (lock === null) return resolve(undefined);
        return new Promise<void>((release) => resolve(release));
      })
      .catch(reject);
  });
}
