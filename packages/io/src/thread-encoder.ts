import { ShoalError, type Block } from "@shoal/core";
import { sendBlock } from "./block-transfer.ts";
import { ContentFault } from "./content-fault.ts";
import { runInThread } from "./decode-thread.ts";
import type { FileEncoder } from "./file-datasink.ts";
import type { OutputFile } from "./output.ts";

type Input = { value: unknown; transfer: readonly ArrayBuffer[] };

/** An encoder whose work is done by a job of `decode-thread-jobs`: blocks go in, the file's bytes come out. */
export class ThreadEncoder implements FileEncoder {
  readonly #abort = new AbortController();
  readonly #finished: Promise<void>;
  #offered: Input | undefined;
  #ended = false;
  #failed = false;
  #error: unknown;
  #wake: (() => void)[] = [];

  constructor(job: string, argument: unknown, file: OutputFile) {
    this.#finished = this.#run(job, argument, file).catch((error: unknown) => {
      this.#failed = true;
      this.#error = ShoalError.is(error) ? error : encoderFailed(file.path, error instanceof ContentFault ? error.message : String(error), error);
      this.#changed();
    });
  }

  /** Resolves when the thread has taken the block: it is at most one behind. */
  async write(block: Block): Promise<void> {
    this.#offered = await sendBlock(block);
    this.#changed();
    while (this.#offered !== undefined && !this.#failed) await this.#change();
    if (this.#failed) throw this.#error;
  }

  async end(): Promise<void> {
    this.#ended = true;
    this.#changed();
    await this.#finished;
    if (this.#failed) throw this.#error;
  }

  async abandon(): Promise<void> {
    this.#abort.abort(new ShoalError("aborted", "The output was given up."));
    this.#changed();
    await this.#finished;
  }

  async #run(job: string, argument: unknown, file: OutputFile): Promise<void> {
    for await (const bytes of runInThread(job, argument, { signal: this.#abort.signal, inputs: this.#inputs() })) await file.write(bytes as Uint8Array);
  }

  async *#inputs(): AsyncGenerator<Input> {
    for (;;) {
      const offered = this.#offered;
      if (offered !== undefined) {
        this.#offered = undefined;
        this.#changed();
        yield offered;
      } else if (this.#ended || this.#abort.signal.aborted) {
        return;
      } else {
        await this.#change();
      }
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve));
  }

  #changed(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}

function encoderFailed(path: string, why: string, error: unknown): ShoalError {
  return new ShoalError("encoder-failed", `Can't encode rows for "${path}": ${why.replace(/\.$/, "")}.`, {
    hint: "Check the column that it names; another format (writeParquet, writeJsonl) may hold it.",
    failure: "bug",
    cause: error instanceof ContentFault ? error.cause : error,
  });
}
