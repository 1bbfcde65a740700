import { ShoalError, systemClock, type Clock } from "@shoal/core";
import { expect, test } from "vitest";
import type { Channel } from "./channel.ts";
import { GatewayHosts } from "./gateway-hosts.ts";
import { memoryChannel } from "./memory-channel.ts";
import type { GatewayToWorker, WorkerToGateway } from "./messages.ts";

const never = new AbortController().signal;
const urls = ["http://a/", "http://b/", "http://c/"] as const;

class Gateways {
  readonly dialled: string[] = [];
  readonly down = new Set<string>();
  far: Channel<GatewayToWorker, WorkerToGateway> | undefined;

  readonly one = async (url: string): Promise<Channel<WorkerToGateway, GatewayToWorker>> => {
    this.dialled.push(url);
    if (this.down.has(url)) throw new ShoalError("unreachable", `${url} can't be reached.`);
    const [near, far] = memoryChannel<WorkerToGateway, GatewayToWorker>();
    this.far = far;
    return near;
  };
}

test("begins where chance says, and goes on to the next where one can't be had", async () => {
  const gateways = new Gateways();
  const hosts = new GatewayHosts(urls, () => 0.5);
  const dial = hosts.dial(gateways.one, systemClock);
  await dial(never);
  expect(hosts.current).toBe("http://b/");
  // One that only broke is tried again first.
  await dial(never);
  gateways.down.add("http://b/").add("http://c/");
  await dial(never);
  expect(gateways.dialled).toEqual(["http://b/", "http://b/", "http://b/", "http://c/", "http://a/"]);
  expect(hosts.current).toBe("http://a/");
  gateways.down.add("http://a/");
  await expect(dial(never)).rejects.toMatchObject({ code: "unreachable", message: expect.stringMatching(/^None of the 3 coordinators that the link names can be reached\. http:\/\/c\/ can't be reached\./) as string });
  expect(gateways.dialled.slice(5)).toEqual(["http://a/", "http://b/", "http://c/"]);
});

test("who is sent away goes elsewhere", async () => {
  const gateways = new Gateways();
  const hosts = new GatewayHosts(urls, () => 0);
  const channel = await hosts.dial(gateways.one, systemClock)(never);
  const said = new Promise<string>((resolve) => channel.listen({ message: ({ kind }) => resolve(kind), closed: () => {} }));
  gateways.far?.send({ kind: "bye", error: { code: "gateway-deposed", message: "Go." }, again: true });
  expect(await said).toBe("bye");
  expect(hosts.current).toBe("http://b/");
});

test("one that does not answer is not waited for, and what no other one would mend ends it", async () => {
  let late = (): void => {};
  const clock: Clock = { now: () => 0, sleep: () => new Promise((resolve) => (late = resolve)) };
  const hosts = new GatewayHosts(urls, () => 0);
  const dialling = hosts.dial((url, signal) => new Promise<Channel>((resolve, reject) => {
    if (url === "http://b/") return reject(new ShoalError("untrusted-certificate", "It is not trusted.", { failure: "bug" }));
    signal.addEventListener("abort", () => reject(signal.reason));
  }), clock)(never);
  await Promise.resolve();
  late();
  await expect(dialling).rejects.toMatchObject({ code: "untrusted-certificate" });
  expect(hosts.current).toBe("http://b/");
});
