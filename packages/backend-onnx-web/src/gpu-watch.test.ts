import { describe, expect, test } from "vitest";
import { GpuWatch, type WatchedDevice } from "./gpu-watch.ts";

class FakeDevice extends EventTarget implements WatchedDevice {
  lose: (info: { reason: string; message: string }) => void = () => {};
  readonly lost = new Promise<{ reason: string; message: string }>((resolve) => (this.lose = resolve));

  complain(error: Error): void {
    this.dispatchEvent(Object.assign(new Event("uncapturederror"), { error }));
  }
}

class GPUOutOfMemoryError extends Error {}

function watched(): { readonly gpu: FakeDevice; readonly watch: GpuWatch } {
  const [gpu, watch] = [new FakeDevice(), new GpuWatch()];
  watch.watch(gpu);
  return { gpu, watch };
}

const never = (): Promise<never> => new Promise(() => {});
const lost = expect.objectContaining({ code: "device-lost", failure: "device-lost" }) as Error;

describe("what runs on a GPU", () => {
  test("that is lost rejects at once, and so does all that comes after", async () => {
    const { gpu, watch } = watched();
    const running = watch.guard(never);
    gpu.lose({ reason: "unknown", message: "The GPU process died." });
    await expect(running).rejects.toEqual(lost);
    await expect(running).rejects.toThrow("webgpu was lost (unknown): The GPU process died.");
    await expect(watch.guard(async () => 1)).rejects.toEqual(lost);
    expect(watch.lost).toEqual(lost);
  });

  test("and fails before the loss is known is lost too: the news comes later", async () => {
    const { gpu, watch } = watched();
    const running = watch.guard(async () => {
      setTimeout(() => gpu.lose({ reason: "destroyed", message: "" }), 5);
      throw new Error("Buffer with '' label is invalid");
    });
    await expect(running).rejects.toEqual(lost);
  });

  test("can't download any more after one download failed", async () => {
    const { watch } = watched();
    await expect(watch.guard(() => Promise.reject(new Error("Failed to execute 'mapAsync' on 'GPUBuffer'")))).rejects.toEqual(lost);
    expect(watch.lost).toEqual(lost);
  });

  test("fails when the device complained, though the library did not", async () => {
    const { gpu, watch } = watched();
    const complaining = (error: Error) => watch.guard(async () => gpu.complain(error));
    await expect(complaining(new GPUOutOfMemoryError("not enough"))).rejects.toThrow("The GPU is out of memory: not enough");
    await expect(complaining(new Error("Buffer size exceeds"))).rejects.toThrow("Buffer size exceeds");
    expect(await watch.guard(async () => 1)).toBe(1);
    expect(watch.lost).toBeUndefined();
  });

  test("fails when the device complained of what had run before, whose news came late; and then goes on", async () => {
    const { gpu, watch } = watched();
    await watch.guard(async () => setTimeout(() => gpu.complain(new GPUOutOfMemoryError("not enough"))));
    await new Promise((resolve) => setTimeout(resolve, 5));
    const taken: number[] = [];
    await expect(watch.guard(async () => 1, async (result) => void taken.push(result))).rejects.toThrow("The GPU is out of memory: not enough");
    expect(taken, "what nobody gets is freed").toEqual([1]);
    expect(await watch.guard(async () => 2, async (result) => void taken.push(result))).toBe(2);
    expect(taken).toEqual([1]);
  });

  test("fails with its own words when nothing else is known", async () => {
    const { watch } = watched();
    await expect(watch.guard(() => Promise.reject(new Error("Non concat axis")))).rejects.toThrow("Non concat axis");
    expect(watch.lost).toBeUndefined();
  });
});
