import { isSoftwareGpu, ShoalError, type GpuAdapterInfo } from "@shoal/core";

interface Gpu {
  requestAdapter(): Promise<{ readonly info: GpuAdapterInfo } | null>;
}

/**
 * Asks for the GPU before the library is loaded, which is 27 MB and says less.
 * @returns what it is called, as in `google swiftshader, a software driver`.
 * @throws `device-unavailable`
 */
export async function requireAdapter(): Promise<string> {
  const { navigator, isSecureContext } = globalThis as { navigator?: { readonly gpu?: Gpu }; isSecureContext?: boolean };
  if (navigator?.gpu === undefined) {
    throw isSecureContext === false
      ? unavailable("this page is not a secure context", "Serve it over https, or from localhost.")
      : unavailable("this runtime offers none", 'Browsers (Chrome, Edge, Safari, Firefox) and Deno do; in Node and Bun it comes with onnxruntime-node. Or use { device: "wasm" }.');
  }
  const adapter = await navigator.gpu.requestAdapter().catch((error: unknown) => unavailable(String(error), needs));
  if (adapter instanceof Error) throw adapter;
  if (adapter === null) throw unavailable("there is no GPU that can be used", needs);
  return describe(adapter.info);
}

const needs =
  `It needs a GPU with a driver: on Linux Vulkan (libvulkan1, and the GPU's driver as mesa-vulkan-drivers). Chrome on Linux may want the flag --enable-unsafe-webgpu; chrome://gpu says why it refuses one. Or use { device: "wasm" }.`;

function unavailable(why: string, hint: string): ShoalError {
  return new ShoalError("device-unavailable", `The device webgpu does not work here: ${why}.`, { hint, failure: "bug", details: { device: "webgpu" } });
}

function describe(info: GpuAdapterInfo): string {
  const { vendor = "", architecture = "", description = "" } = info;
  // Deno gives the vendor as a number.
  const name = [/^\d*$/.test(vendor) ? "" : vendor, architecture, description].filter((part, at, parts) => part !== "" && parts.indexOf(part) === at).join(" ") || "a GPU";
  return isSoftwareGpu(info) ? `${name}, a software driver` : name;
}
