/** Of Bun and Deno it is Deno that has WebGPU. Without a Vulkan driver its suites are left out; in CI that is a failure. */
export async function hasWebGpu(): Promise<boolean> {
  if (process.env["SHOAL_RUNTIME"] !== "deno") return false;
  const { gpu } = navigator as unknown as { readonly gpu: { requestAdapter(): Promise<object | null> } };
  if (process.env["CI"] === "true" || (await gpu.requestAdapter()) !== null) return true;
  console.warn("No Vulkan driver was found: webgpu is not tried in Deno. To get one: apt-get install libvulkan1 mesa-vulkan-drivers.");
  return false;
}
