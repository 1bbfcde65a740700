import { existsSync } from "node:fs";

/**
 * The Vulkan driver for native WebGPU: `$VK_ICD_FILENAMES`, else the software one that comes with Chromium; Mesa's older ones are refused
 * by the library. Without one, webgpu is left out in Node, which is said; in CI that is a failure.
 */
export function vulkanDriver(): string | undefined {
  const driver = process.env["VK_ICD_FILENAMES"] ?? ["/usr/lib/chromium/vk_swiftshader_icd.json"].find((path) => existsSync(path));
  if (driver !== undefined) return driver;
  const message = "No Vulkan driver was found: webgpu is not tried in Node. To get one: apt-get install chromium libvulkan1, or name one in VK_ICD_FILENAMES.";
  if (process.env["CI"] === "true" && process.platform === "linux") throw new Error(message);
  console.warn(message);
  return undefined;
}
