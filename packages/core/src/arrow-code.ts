import type { Table } from "apache-arrow";
import type { Block } from "./block.ts";
import { ShoalError } from "./shoal-error.ts";

/** What turns blocks into Arrow and back. */
export interface ArrowCode {
  readonly tableFromBlock: (block: Block) => Table;
  readonly blockFromTable: (table: Table) => Block;
  readonly encodeTable: (block: Block, metadata: ReadonlyMap<string, string>, notes: ReadonlyMap<string, readonly [key: string, value: string]>) => Uint8Array<ArrayBuffer>;
  readonly decodeBlock: (bytes: Uint8Array) => Block;
}

let code: ArrowCode | undefined;

/** Called by `@shoal/core/arrow`, which everyone imports who always needs it. */
export function registerArrow(given: ArrowCode): void {
  code = given;
}

/**
 * Loads the code for Arrow where it is not there yet. apache-arrow is some hundred and fifty modules: most actors, and threads that encode files, end
 * without having met a table.
 */
export async function loadArrow(): Promise<void> {
  if (code === undefined) await import("./with-arrow.ts");
}

/** @throws `arrow-not-loaded` */
export function arrowCode(): ArrowCode {
  if (code !== undefined) return code;
  throw new ShoalError("arrow-not-loaded", "A block meets Arrow where the code for it was not loaded.", { failure: "bug", hint: 'Import "@shoal/core/arrow", or wait for loadArrow() of @shoal/core before.' });
}
