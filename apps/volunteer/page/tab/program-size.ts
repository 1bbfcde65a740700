/** Bytes of the program that Start loads, beside models: by the device that it is for. */
export interface ProgramSize {
  readonly webgpu: number;
  readonly wasm: number;
}

/** The build writes it beside the page; undefined where it can't be read. */
export async function readProgramSize(base: string): Promise<ProgramSize | undefined> {
  const size = (await fetch(new URL("program-size.json", base)).then((response) => (response.ok ? response.json() : undefined)).catch(() => undefined)) as Partial<ProgramSize> | undefined;
  return typeof size?.webgpu === "number" && typeof size.wasm === "number" ? { webgpu: size.webgpu, wasm: size.wasm } : undefined;
}
