import { execFileSync } from "node:child_process";
import { findRuntime } from "./find-runtime.ts";

/** Whether Deno finds a GPU. Without one webgpu is left out there, which is said; in CI that is a failure. */
export function denoHasGpu(): boolean {
  const deno = findRuntime("deno");
  if (deno === undefined) return false;
  const answer = execFileSync(deno.path, ["eval", "console.log(await navigator.gpu.requestAdapter() !== null)"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  if (answer === "true") return true;
  const message = "No Vulkan driver was found: webgpu is not tried in Deno. To get one: apt-get install libvulkan1 mesa-vulkan-drivers.";
  if (process.env["CI"] === "true") throw new Error(message);
  console.warn(message);
  return false;
}
