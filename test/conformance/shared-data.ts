import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { concatBlocks, ShoalError, type Block, type Datasource } from "@shoal/core";

const root = process.env["SHOAL_SHARED"] ?? fileURLToPath(new URL("../../../shared/", import.meta.url));

/** A folder of the data these tests compare with; `missing` where the checkout stands alone. */
export function sharedFolder(name: string): { path: (file: string) => string; missing: boolean; names: (pattern: RegExp, under?: string) => string[] } {
  const folder = `${root.replace(/\/$/, "")}/data/${name}`;
  const missing = !existsSync(folder);
  if (missing) console.warn(`Skipped: the files these tests read are not at ${folder}.`);
  return {
    missing,
    path: (file) => `${folder}/${file}`,
    names: (pattern, under = "") => (missing ? [] : readdirSync(`${folder}/${under}`).filter((file) => pattern.test(file)).sort()),
  };
}

/** All rows of a source, as one block. */
export async function readAll(source: Datasource<unknown>, signal: AbortSignal = AbortSignal.timeout(20_000)): Promise<Block> {
  const blocks: Block[] = [];
  for await (const partition of source.partitions(signal)) for await (const block of source.read(partition, { signal })) blocks.push(block);
  return concatBlocks(blocks);
}

/** The error of a read that must be refused: of a known code, naming the file. */
export async function refusal(source: Datasource<unknown>, file: string): Promise<ShoalError> {
  const outcome = await readAll(source).then((block) => `read ${block.rows} rows`, (error: unknown) => error);
  if (!ShoalError.is(outcome) || !["bad-file", "unsupported-file", "decoder-stalled", "decoder-crashed"].includes(outcome.code) || !outcome.message.includes(file)) {
    throw new Error(`${file} should have been refused, but: ${String(outcome)}`, { cause: outcome });
  }
  return outcome;
}
