import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import process from "node:process";

/**
 * The library that is missing, in the loader's words: onnxruntime-node says no more than that one could not be loaded, and which major version of
 * CUDA it wants stands nowhere else. Undefined where nothing is missing, or can't be asked for.
 */
export function whyCudaFails(): string | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    const library = dirname(createRequire(import.meta.url).resolve("onnxruntime-node/package.json"));
    process.dlopen({ exports: {} }, join(library, "bin/napi-v6/linux", process.arch, "libonnxruntime_providers_cuda.so"));
  } catch (error) {
    return /([\w.+-]+\.so[\w.]*): cannot open shared object file/.exec(String((error as Error).message))?.[1];
  }
  return undefined;
}
