// Runs in Bun and in Deno, by vitest.config.mjs of this folder. Apart from the other suite, whose process has the library in its main
// thread: there Deno takes up to half a minute to load it in a worker too.
import { hasWebGpu } from "./has-web-gpu.ts";
import { testWebRealms } from "./test-web-realms.ts";

const createWorker = (): Worker => new Worker(new URL("onnx-web-worker.ts", import.meta.url), { type: "module" });
const gpu = await hasWebGpu();

// During a run nothing else has a turn in Deno, not even the news that the device is gone: there only a watchdog outside helps.
testWebRealms(createWorker, gpu ? ["wasm", "webgpu"] : ["wasm"], gpu ? "between" : undefined);
