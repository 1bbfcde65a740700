/** A download that has not its final name yet. */
export interface PartialFile extends AsyncDisposable {
  /** Bytes it holds, those of an earlier attempt included. */
  readonly size: number;
  write(bytes: Uint8Array): Promise<void>;
  /** Starts again from nothing. */
  clear(): Promise<void>;
  /** SHA-256 of all it holds, in hexadecimal. */
  sha256(): Promise<string>;
}

/** The file system as the hub's client needs it: that of Node, Bun and Deno is in node-hub-files.ts. A page has none, and a client of its own. */
export interface HubFiles {
  join(...parts: readonly string[]): string;
  fromFileUrl(url: string): string;
  isFile(path: string): Promise<boolean>;
  isDirectory(path: string): Promise<boolean>;
  /** Undefined where there is no such file, or it has more than `mostBytes`. */
  read(path: string, mostBytes?: number): Promise<Uint8Array | undefined>;
  /** Makes the directories above it too. */
  writeText(path: string, text: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Opens or makes it, with the directories above. */
  openPartial(path: string): Promise<PartialFile>;
  /** Gives a file its final name, at once. */
  rename(from: string, to: string): Promise<void>;
  /** Waits until nobody else on this machine holds the lock; one whose holder has died is taken over. */
  lock(path: string, signal: AbortSignal): Promise<AsyncDisposable>;
}

/** Where models come from and where they are kept. What is not given comes from the environment. */
export interface HubOptions {
  /** `HF_ENDPOINT`, or `https://huggingface.co`. */
  readonly endpoint?: string;
  /** `HF_TOKEN`: sent to the endpoint's host alone. */
  readonly token?: string;
  /** `HF_HUB_CACHE`, or `hub` under `HF_HOME`, or `~/.cache/huggingface/hub`. */
  readonly cacheDirectory?: string;
  /** `HF_HUB_OFFLINE`: nothing is fetched; what the cache lacks is missing. */
  readonly offline?: boolean;
}

export interface HubSettings {
  readonly endpoint: string;
  readonly token: string | undefined;
  readonly cacheDirectory: string;
  readonly offline: boolean;
}
