import { openTrial, type DeviceTrial, type Ort } from "@shoal/ort-sessions";
import { requireAdapter } from "./gpu-adapter.ts";
import { GpuWatch, type WatchedDevice } from "./gpu-watch.ts";
import type { WebDevice, WebPlatform } from "./web-platform.ts";
import { ortFeatures, ortSetup, sessionSettings, setUp } from "./ort-setup.ts";
import { TurnQueue } from "./turn-queue.ts";
import type { OnnxWebOptions } from "./wasm-files.ts";

/** The library as it was built for a device, with that device at work. */
export interface Build {
  readonly ort: Ort;
  readonly trial: DeviceTrial;
  /** What the GPU is called. */
  readonly adapter: string | undefined;
}

/**
 * The library in one JavaScript realm. Two operations at once wedge it there, on one session or on two: all that is asked of it goes
 * through one queue, and what may run beside it is another realm.
 */
export class Realm {
  readonly platform: WebPlatform;
  readonly #queue = new TurnQueue();
  readonly #gpu = new GpuWatch();
  readonly #builds = new Map<WebDevice, Promise<Build>>();

  constructor(platform: WebPlatform) {
    this.platform = platform;
  }

  /**
   * The build for a device. Its threads and files are those of who asks first: the library fixes them when it starts.
   * @throws `device-unavailable`; what an import or the library throws
   */
  build(device: WebDevice, threads: number, options: OnnxWebOptions): Promise<Build> {
    const build = this.#builds.get(device) ?? this.#start(device, threads, options);
    this.#builds.set(device, build);
    return build;
  }

  async #start(device: WebDevice, threads: number, options: OnnxWebOptions): Promise<Build> {
    const adapter = device === "webgpu" ? await requireAdapter() : undefined;
    const ort = await this.platform.load[device]();
    setUp(ort, ortSetup(device, this.platform.threads() ? threads : 1, options));
    // Never closed: the library destroys its GPU device with the last session, and an actor that changes models would pay for another.
    const trial = await this.turn(device, () => this.platform.start(() => openTrial(ort, ortFeatures, sessionSettings(device))));
    if (device === "webgpu") this.#gpu.watch((await ort.env.webgpu.device) as unknown as WatchedDevice);
    return { ort, trial, adapter };
  }

  /**
   * Does one thing on a device when its turn comes.
   * @param refusal why it is not even to begin then.
   * @param takeBack frees what it left, where the GPU says too late that it went wrong.
   */
  turn<T>(device: WebDevice, work: () => Promise<T>, refusal?: () => Error | undefined, takeBack?: (result: T) => Promise<void>): Promise<T> {
    if (device === "wasm") return this.#queue.take(work, refusal);
    return this.#queue.take(() => this.#gpu.guard(work, takeBack), () => refusal?.() ?? this.#gpu.lost);
  }
}
