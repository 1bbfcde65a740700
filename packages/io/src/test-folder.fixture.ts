/** A folder of its own for a test. */
export interface TestFolder {
  /** Of the folder itself, or of something in it. */
  path(name?: string): string;
  /** Gives the path. */
  write(name: string, content: string | Uint8Array): Promise<string>;
  bytes(name: string): Promise<Uint8Array<ArrayBuffer>>;
  text(name: string): Promise<string>;
  /** Everything in it, or in a folder in it, hidden things too, sorted. */
  names(name?: string): Promise<string[]>;
  remove(): Promise<void>;
}

/** On disk, and in a page in OPFS. */
export async function testFolder(): Promise<TestFolder> {
  if ("document" in globalThis) return (await import("./opfs-folder.fixture.ts")).opfsFolder();
  return (await import("./disk-folder.fixture.ts")).diskFolder();
}
