/** How an output is called, and what becomes of an older one. */
export interface OutputOptions {
  /** Of the format, lower case, with the dot: a path that ends so is one file. The first one names part files. */
  readonly extensions: readonly string[];
  /** What to do with an output that is already there. Default `error`. */
  readonly mode?: "error" | "overwrite";
  /** An unfinished one is taken over. Only for places that keep any. */
  readonly resume?: boolean;
}

/** Bytes on their way to one file. They can be relied on only after `close`. */
export interface OutputFile {
  /** Where it will be once published. */
  readonly path: string;
  write(bytes: Uint8Array): Promise<void>;
  /** Everything is stored when this resolves. Gives the file's size. */
  close(): Promise<number>;
}

/** An output that nobody sees under its name before `publish`, and of which nothing is left after `discard`. */
export interface Output {
  readonly location: string;
  /** One file, rather than a directory of parts. */
  readonly single: boolean;
  /** The next part, or the one file. Close it before `publish`. */
  nextFile(): Promise<OutputFile>;
  /** The file for dead letters, made on first use. */
  deadLetters(): Promise<OutputFile>;
  /** The paths of the published files and of the dead letters. */
  publish(): Promise<{ readonly files: readonly string[]; readonly deadLetters?: string }>;
  discard(): Promise<void>;
  /** Where the output is as long as it is unfinished, as a folder that others may put something into. */
  readonly unfinished?: string;
  /** Removes what was written, and leaves that folder. */
  leave?(): Promise<void>;
}

/** A place for one output that is no path, as {@link memoryFile}. */
export interface OutputPlace {
  /** Its extension says how formats write it, as a path's does. */
  readonly name: string;
  /** @throws `output-exists`, `output-busy` */
  open(options: OutputOptions): Promise<Output>;
}
