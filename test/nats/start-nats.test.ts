import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test, vi } from "vitest";
import { findNatsServer } from "./find-nats-server.ts";

const path = findNatsServer();

test.skipIf(path === undefined)("servers end with the process that started them, even when it is killed", async () => {
  const entry = fileURLToPath(new URL("./fixtures/hold-nats.ts", import.meta.url));
  const loader = new URL("../../packages/workers/ts-loader/register.mjs", import.meta.url).href;
  const parent = spawn(process.execPath, ["--conditions=@shoal/source", "--import", loader, entry], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void parent.kill("SIGKILL"));
  const lines = createInterface({ input: parent.stdout })[Symbol.asyncIterator]();
  const monitor = (await lines.next()).value as string;
  expect((await fetch(`${monitor}/varz`)).ok).toBe(true);
  parent.kill("SIGKILL");
  await once(parent, "exit");
  await vi.waitUntil(async () => !(await fetch(`${monitor}/varz`).then((answer) => answer.ok, () => false)), { timeout: 10_000 });
});
