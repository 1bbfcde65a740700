// A tab that lends itself: the agent is in a worker, the name in the tab's own storage.
const { sessionStorage } = globalThis as unknown as { sessionStorage: { getItem(key: string): string | null; setItem(key: string, value: string): void } };
const name = sessionStorage.getItem("name") ?? crypto.randomUUID();
sessionStorage.setItem("name", name);
const worker = new Worker(new URL("./agent-worker.ts", import.meta.url), { type: "module" });
const told: unknown[] = [];
worker.addEventListener("message", ({ data }) => told.push(data));
worker.postMessage({ link: location.href, name });
Object.assign(globalThis, { told, drain: () => worker.postMessage({ drain: "the page is left" }) });
