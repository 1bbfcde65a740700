import { badContent, ContentFault } from "./content-fault.ts";
import type { FileIdentity } from "./decode-thread-jobs.ts";
import type { SourceFile } from "./file-store.ts";

/** Limits of the thread that decodes a file; all times in milliseconds. */
export interface DecodeOptions {
  /** How long the decoder may compute without giving or asking for anything. Default 30,000. */
  readonly stallTimeoutMs?: number;
}

/**
 * What a job of `decode-thread-jobs` makes of a file.
 * @param where for messages: `row group 3`
 * @throws `bad-file`, `unsupported-file`, `decoder-stalled`, `decoder-crashed`
 */
export async function* decodeFile(
  job: string, format: string, file: SourceFile, argument: object, signal: AbortSignal, { stallTimeoutMs }: DecodeOptions, where?: string,
): AsyncGenerator<unknown> {
  try {
    if (file.size === undefined) throw new ContentFault("unsupported-file", "its size is unknown, as the server does not tell");
    const identity: FileIdentity = { path: file.path, version: file.version, size: file.size };
    const { runInThread } = await import("./decode-thread.ts");
    yield* runInThread(job, { identity, ...argument }, { file, signal, ...(stallTimeoutMs === undefined ? {} : { stallMs: stallTimeoutMs }) });
  } catch (error) {
    throw badContent(error, format, file.path, where);
  }
}
