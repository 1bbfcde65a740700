// Makes the realm that calls lose its GPU in the middle of a run: the device that onnxruntime-web works with is destroyed as it is given work.
interface Device {
  destroy(): void;
}
interface Queue {
  submit: (this: Queue, commands: unknown) => void;
}

/** Destroys the device over the submission of this number, counted from the first of the realm. */
export function doomDevice(submission: number): void {
  const { prototype } = (globalThis as unknown as { readonly GPUQueue: { readonly prototype: Queue } }).GPUQueue;
  const { submit } = prototype;
  let device: Device | undefined;
  let submissions = 0;
  prototype.submit = function (commands) {
    submissions++;
    if (submissions === 1) void import("onnxruntime-web/webgpu").then(async ({ env }) => (device = (await env.webgpu.device) as unknown as Device));
    submit.call(this, commands);
    if (submissions < submission || device === undefined) return;
    device.destroy();
    submissions = Number.NEGATIVE_INFINITY;
  };
}
