import { chmod, mkdir, open, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ShoalError } from "@shoal/core";

/** What a coordinator knows again after a restart, so that links go on working. */
export interface CoordinatorState {
  /** Signs invites and keys. */
  readonly secret: Uint8Array;
  readonly port: number | undefined;
  /** Of the links that were printed, by what they allow. */
  readonly links: ReadonlyMap<string, KeptLink>;
  keepPort(port: number): Promise<void>;
  keepLink(purpose: string, link: KeptLink): Promise<void>;
}

export interface KeptLink {
  readonly token: string;
  /** The id of its invite. */
  readonly invite: string;
}

interface Kept {
  readonly format: 1;
  readonly secret: string;
  readonly port?: number;
  readonly links: Readonly<Record<string, KeptLink>>;
}

const fileName = "coordinator.json";

/**
 * @param folder where it is kept, readable by this user only; without one it ends with the process
 * @param secret of a folder that has none yet. Default: a random one
 * @throws `state-damaged`
 */
export async function openState(folder: string | undefined, secret: Uint8Array = crypto.getRandomValues(new Uint8Array(32))): Promise<CoordinatorState> {
  const kept = (folder === undefined ? undefined : await read(folder)) ?? { format: 1, secret: base64(secret), links: {} };
  const state = new KeptState(folder, kept);
  // The secret is on the disk before anything is signed with it.
  await state.write();
  return state;
}

class KeptState implements CoordinatorState {
  readonly secret: Uint8Array;
  readonly links: Map<string, KeptLink>;
  port: number | undefined;
  readonly #folder: string | undefined;
  #written: Promise<void> = Promise.resolve();

  constructor(folder: string | undefined, { secret, port, links }: Kept) {
    this.secret = new Uint8Array(Buffer.from(secret, "base64url"));
    this.port = port;
    this.links = new Map(Object.entries(links));
    this.#folder = folder;
  }

  keepPort(port: number): Promise<void> {
    this.port = port;
    return this.write();
  }

  keepLink(purpose: string, link: KeptLink): Promise<void> {
    this.links.set(purpose, link);
    return this.write();
  }

  async write(): Promise<void> {
    if (this.#folder === undefined) return;
    const path = join(this.#folder, fileName);
    this.#written = this.#written.then(async () => {
      const kept: Kept = { format: 1, secret: base64(this.secret), ...(this.port !== undefined && { port: this.port }), links: Object.fromEntries(this.links) };
      const file = await open(`${path}.new`, "w", 0o600);
      try {
        await file.writeFile(`${JSON.stringify(kept, null, 1)}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(`${path}.new`, path);
    });
    return this.#written;
  }
}

async function read(folder: string): Promise<Kept | undefined> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // It holds what lets people in.
  await chmod(folder, 0o700).catch(() => {});
  // Nor is it for a repository that it happens to lie in.
  await writeFile(join(folder, ".gitignore"), "*\n", { flag: "wx" }).catch(() => {});
  let text: string;
  try {
    text = await readFile(join(folder, fileName), "utf8");
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT") return undefined;
    throw ShoalError.from(error);
  }
  try {
    const kept = JSON.parse(text) as Kept;
    if (kept.format === 1 && typeof kept.secret === "string" && kept.secret.length >= 43) return kept;
  } catch {
    // Said below.
  }
  throw new ShoalError("state-damaged", `${join(folder, fileName)} can't be understood: it is damaged, or of a newer version of Shoal.`, { hint: "Remove the file to go on with new links; what the ledger holds is kept.", failure: "bug", details: { folder } });
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64url");
}
