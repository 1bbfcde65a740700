import type { ActorContext } from "@shoal/core";
import { describe, expect, onTestFinished, test } from "vitest";
import type { RealmAnswer, RealmRequest } from "./onnx-web-worker.ts";

/** What onnxruntime-web does in workers, which are what actors live in. */
export function testWebRealms(createWorker: () => Worker, devices: readonly ActorContext["device"][], lose?: RealmRequest["lose"]): void {
  async function ask(request: RealmRequest): Promise<RealmAnswer> {
    const worker = createWorker();
    onTestFinished(() => worker.terminate());
    const answer = new Promise<RealmAnswer>((resolve, reject) => {
      worker.addEventListener("message", (event) => resolve((event as MessageEvent<RealmAnswer>).data));
      worker.addEventListener("error", (event) => reject(new Error((event as ErrorEvent).message)));
      worker.postMessage(request);
    });
    // As a host does it: the old one ends before the new one begins.
    return answer.finally(() => worker.terminate());
  }

  describe("onnxruntime-web in a worker", () => {
    test.each(devices)("runs a model on %s", async (device) => {
      expect(await ask({ device })).toEqual({ doubled: [2, 4], failures: [] });
    });

    test.skipIf(lose === undefined)("a lost device is told at once, by what runs and by what comes after, and a new worker has another", async () => {
      const { doubled, failures } = await ask({ device: "webgpu", ...(lose === undefined ? {} : { lose }) });
      expect(doubled).toEqual([2, 4]);
      expect(failures.map(({ code, failure }) => [code, failure])).toEqual(Array(3).fill(["device-lost", "device-lost"]));
      expect(Math.max(...failures.map(({ ms }) => ms))).toBeLessThan(2000);
      expect(await ask({ device: "webgpu" })).toEqual({ doubled: [2, 4], failures: [] });
    });
  });
}
