import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { findNatsServer } from "./find-nats-server.ts";
import { freePorts } from "./free-ports.ts";

export interface NatsClusterOptions {
  /** Default 1. */
  readonly servers?: 1 | 3;
  /** When writes are synced: each one, or as the server does it by default (every two minutes). Default `always`. */
  readonly sync?: "always" | "default";
  /** More lines for every server's configuration: users, limits, TLS. */
  readonly config?: string;
  /** The program. Default: what `findNatsServer` finds. */
  readonly path?: string;
}

/** Real servers on loopback, each with a folder of its own. All of them end with this process, however it ends. */
export interface NatsCluster extends AsyncDisposable {
  /** One for each server, by its number: `nats://127.0.0.1:port`. */
  readonly urls: readonly string[];
  /** All of them, as `--engine` takes it. */
  readonly url: string;
  /** Where `/varz`, `/jsz` and so on are answered. */
  readonly monitors: readonly string[];
  /** kill −9. Resolves when it is gone. */
  kill(index: number): Promise<void>;
  /** SIGTERM: it hands its leaderships over first. */
  stop(index: number): Promise<void>;
  /** SIGSTOP: it answers nobody, and does not know it. `thaw` lets it go on. */
  freeze(index: number): void;
  thaw(index: number): void;
  /** Starts it again, on its ports and its folder. Resolves when it answers; `ready` waits for the cluster. */
  restart(index: number): Promise<void>;
  isUp(index: number): boolean;
  /** Resolves when a majority is up, has a leader, and all servers that are up are current. */
  ready(): Promise<void>;
  /** The number of the server that leads a stream; undefined while none does. */
  leaderOf(stream: string): Promise<number | undefined>;
  /** Copies the store of a server (which should be down) beside it, or puts that copy back, or removes the store. */
  copyStore(index: number): Promise<void>;
  restoreStore(index: number): Promise<void>;
  removeStore(index: number): Promise<void>;
  /** Its last lines. */
  log(index: number): Promise<string>;
}

interface Server {
  readonly name: string;
  readonly folder: string;
  readonly ports: readonly [client: number, monitor: number, route: number];
  guard: ChildProcess | undefined;
  pid: number | undefined;
}

const host = "127.0.0.1";

/** @throws when there is no server to start: ask `findNatsServer` first. */
export async function startNats({ path = findNatsServer(), ...options }: NatsClusterOptions = {}): Promise<NatsCluster> {
  if (path === undefined) throw new Error("There is no nats-server to start.");
  for (let tries = 1; ; tries++) {
    try {
      return await startOnce(path, options);
    } catch (error) {
      // Somebody was faster to take a port.
      if (tries === 3 || !/address already in use/.test(String(error))) throw error;
    }
  }
}

async function startOnce(path: string, { servers: count = 1, sync = "always", config = "" }: NatsClusterOptions): Promise<NatsCluster> {
  const root = await mkdtemp(join(tmpdir(), "shoal-nats-"));
  const ports = await freePorts(3 * count);
  const servers: Server[] = Array.from({ length: count }, (_, index) => ({
    name: `n${index}`,
    folder: join(root, `n${index}`),
    ports: ports.slice(3 * index, 3 * index + 3) as [number, number, number],
    guard: undefined,
    pid: undefined,
  }));
  const server = (index: number): Server => {
    const found = servers[index];
    if (found === undefined) throw new Error(`There is no server ${index}.`);
    return found;
  };
  const routes = servers.map(({ ports: [, , route] }) => `nats://${host}:${route}`);
  await Promise.all(servers.map(({ name, folder, ports: [client, monitor, route] }) =>
    writeFile(`${folder}.conf`, [
      `server_name: ${name}`,
      `listen: ${host}:${client}`,
      `http: ${host}:${monitor}`,
      `jetstream { store_dir: ${JSON.stringify(folder)}, max_mem: 256MB, max_file: 8GB${sync === "always" ? ", sync_interval: always" : ""} }`,
      ...(count === 1 ? [] : [`cluster { name: shoal, no_advertise: true, listen: ${host}:${route}, routes: [${routes.join(", ")}] }`]),
      config,
    ].join("\n"))));

  const cluster: NatsCluster = {
    urls: servers.map(({ ports: [client] }) => `nats://${host}:${client}`),
    url: `nats://${servers.map(({ ports: [client] }) => `${host}:${client}`).join(",")}`,
    monitors: servers.map(({ ports: [, monitor] }) => `http://${host}:${monitor}`),
    kill: (index) => end(server(index), "SIGKILL"),
    stop: (index) => end(server(index), "SIGTERM"),
    freeze: (index) => void process.kill(server(index).pid as number, "SIGSTOP"),
    thaw: (index) => void process.kill(server(index).pid as number, "SIGCONT"),
    restart: (index) => start(path, server(index)),
    isUp: (index) => server(index).guard !== undefined,
    ready: () => until("the cluster is ready", async () => {
      const up = servers.filter(({ pid }) => pid !== undefined);
      const states = await Promise.all(up.map(({ ports: [, monitor] }) => ask<JetStreamState>(monitor, "/healthz")));
      return 2 * up.length > count && states.every((state) => state?.status === "ok");
    }),
    leaderOf: async (stream) => {
      for (const { pid, ports: [, monitor] } of servers) {
        if (pid === undefined) continue;
        const state = await ask<JetStreamState>(monitor, "/jsz?accounts=true&streams=true");
        const found = state?.account_details?.flatMap(({ stream_detail = [] }) => stream_detail).find(({ name }) => name === stream);
        if (found === undefined) continue;
        const leader = servers.findIndex(({ name, pid: running }) => running !== undefined && name === (found.cluster?.leader ?? servers[0]?.name));
        if (leader >= 0) return leader;
      }
      return undefined;
    },
    copyStore: async (index) => {
      await rm(`${server(index).folder}.copy`, { recursive: true, force: true });
      await cp(server(index).folder, `${server(index).folder}.copy`, { recursive: true });
    },
    restoreStore: async (index) => {
      await rm(server(index).folder, { recursive: true, force: true });
      await cp(`${server(index).folder}.copy`, server(index).folder, { recursive: true });
    },
    removeStore: (index) => rm(server(index).folder, { recursive: true, force: true }),
    log: async (index) => (await readFile(`${server(index).folder}.log`, "utf8")).split("\n").slice(-40).join("\n"),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(servers.map((each) => end(each, "SIGKILL")));
      await rm(root, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  try {
    await Promise.all(servers.map((each) => start(path, each)));
    await cluster.ready();
  } catch (error) {
    await cluster[Symbol.asyncDispose]();
    throw error;
  }
  return cluster;
}

interface JetStreamState {
  readonly status?: string;
  readonly account_details?: readonly { readonly stream_detail?: readonly { readonly name: string; readonly cluster?: { readonly leader?: string } }[] }[];
}

// A shell holds each server: it ends when the server does. When its own input ends, as that does when this process dies, it kills the server and removes what all of them have left.
const guarded = `"$0" -c "$1" -l "$2" >/dev/null 2>&1 & server=$!; exec 3<&0; { cat <&3 >/dev/null; trap "" TERM; kill -9 $server; sleep 1; rm -rf "$3"; } >/dev/null 2>&1 & echo $server; wait $server; kill $! 2>/dev/null`;

async function start(path: string, server: Server): Promise<void> {
  if (server.guard !== undefined) return;
  // A group of its own: what is typed to end the tests does not end the shell before it has ended the server.
  const guard = spawn("/bin/sh", ["-c", guarded, path, `${server.folder}.conf`, `${server.folder}.log`, dirname(server.folder)], { stdio: ["pipe", "pipe", "ignore"], detached: true });
  const [line] = (await once(guard.stdout, "data")) as [Buffer];
  server.guard = guard;
  server.pid = Number(line.toString());
  await until(`${server.name} answers`, async () => {
    if (hasEnded(guard)) throw new Error(`nats-server did not start: ${await readFile(`${server.folder}.log`, "utf8").catch(() => "there is no log")}`);
    return (await ask(server.ports[1], "/varz")) !== undefined;
  });
}

async function end(server: Server, signal: "SIGKILL" | "SIGTERM"): Promise<void> {
  const { pid, guard } = server;
  server.pid = server.guard = undefined;
  if (pid === undefined || guard === undefined || hasEnded(guard)) return;
  const ended = once(guard, "exit");
  process.kill(pid, signal);
  await ended;
  guard.stdin?.destroy();
}

function hasEnded(guard: ChildProcess): boolean {
  return guard.exitCode !== null || guard.signalCode !== null;
}

async function ask<T>(port: number, path: string): Promise<T | undefined> {
  try {
    return (await (await fetch(`http://${host}:${port}${path}`, { signal: AbortSignal.timeout(2000) })).json()) as T;
  } catch {
    return undefined;
  }
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 60_000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`Waited for a minute, in vain: ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
