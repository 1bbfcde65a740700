import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generate } from "selfsigned";
import { findNatsServer } from "../nats/find-nats-server.ts";
import { deploy } from "./deploy-files.ts";

export const passwords = { SHOAL_GATEWAY_PASSWORD: "gatewayPassword000000000", SHOAL_OBSERVER_PASSWORD: "observerPassword00000000", NATS_SYSTEM_PASSWORD: "systemPassword0000000000" } as const;

/** The nodes that `nats.conf` describes, on loopback. */
export interface ConfiguredNodes extends AsyncDisposable {
  /** `tls://…`, all of them. */
  readonly url: string;
  /** By which their certificates are known, as a file. */
  readonly ca: string;
  readonly environment: (node: number) => Readonly<Record<string, string>>;
  readonly monitors: readonly number[];
}

/** Three servers, started by the very file that people are given, with a certificate made here. */
export async function startNatsConf(): Promise<ConfiguredNodes> {
  const path = findNatsServer();
  if (path === undefined) throw new Error("There is no nats-server to start.");
  const folder = await mkdtemp(join(tmpdir(), "shoal-conf-"));
  const ca = await writeCertificate(folder);
  const ports = await freePorts(9);
  const [clients, routes, monitors] = [ports.slice(0, 3), ports.slice(3, 6), ports.slice(6)];
  const environment = (node: number): Record<string, string> => ({
    NATS_NAME: `node-${node}`, NATS_LISTEN: `127.0.0.1:${clients[node]}`, NATS_CLUSTER_LISTEN: `127.0.0.1:${routes[node]}`, NATS_MONITOR: `127.0.0.1:${monitors[node]}`,
    NATS_ROUTES: `[${routes.map((port) => `tls://127.0.0.1:${port}`).join(", ")}]`, NATS_DATA: join(folder, `data-${node}`), NATS_CERT: ca, NATS_KEY: join(folder, "node.key"), NATS_CA: ca, ...passwords,
  });
  const nodes = [0, 1, 2].map((node) => spawn(path, ["-c", join(deploy, "nats.conf"), "-l", join(folder, `log-${node}`)], { env: { ...process.env, ...environment(node) }, stdio: "ignore" }));
  const stop = (): void => nodes.forEach((node) => void node.kill("SIGKILL"));
  process.once("exit", stop);
  const dispose = async (): Promise<void> => {
    process.off("exit", stop);
    stop();
    await Promise.all(nodes.filter((node) => !hasEnded(node)).map((node) => once(node, "exit")));
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    for (const [node, monitor] of monitors.entries()) {
      while ((await statusOf(monitor)) !== 200) {
        const ended = nodes[node];
        if (ended === undefined || hasEnded(ended)) throw new Error(`Node ${node} did not start: ${await readFile(join(folder, `log-${node}`), "utf8").catch(() => "it says nothing")}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  } catch (error) {
    await dispose();
    throw error;
  }
  return { url: `tls://${clients.map((port) => `127.0.0.1:${port}`).join(",")}`, ca, environment, monitors, [Symbol.asyncDispose]: dispose };
}

/** One for all, which is its own authority. */
async function writeCertificate(folder: string): Promise<string> {
  const made = await generate([{ name: "commonName", value: "localhost" }], {
    keyType: "ec", algorithm: "sha256", notAfterDate: new Date(Date.now() + 3_600_000),
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", digitalSignature: true, keyCertSign: true, critical: true },
      { name: "extKeyUsage", serverAuth: true, clientAuth: true },
      { name: "subjectAltName", altNames: [{ type: 2, value: "localhost" }, { type: 7, ip: "127.0.0.1" }] },
    ],
  });
  await writeFile(join(folder, "node.pem"), made.cert);
  await writeFile(join(folder, "node.key"), made.private, { mode: 0o600 });
  return join(folder, "node.pem");
}

function statusOf(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    request({ host: "127.0.0.1", port, path: "/healthz" }, (answer) => resolve(answer.resume().statusCode)).on("error", () => resolve(undefined)).end();
  });
}

function hasEnded(node: ChildProcess): boolean {
  return node.exitCode !== null || node.signalCode !== null;
}

async function freePorts(count: number): Promise<number[]> {
  const listening = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(listening.map((each) => once(each, "listening")));
  const ports = listening.map((each) => (each.address() as AddressInfo).port);
  await Promise.all(listening.map((each) => once(each.close(), "close")));
  return ports;
}
