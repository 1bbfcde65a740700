/** The shape most loggers have; pass one, or none. */
export interface Logger {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  /** Is told of files that come over the network, in numbers and in place of sentences of `info`. */
  download?(file: FileDownload): void;
}

/** How much of a file is there. */
export interface FileDownload {
  readonly url: string;
  /** 0 where it begins. */
  readonly doneBytes: number;
  /** Absent where its server does not say. */
  readonly bytes?: number;
}

/** Says nothing. */
export const silentLogger: Logger = { debug: () => {}, info: () => {}, warn: () => {} };

/** Tells a log of a file that comes: in numbers, or in words where it takes words alone. */
export function tellDownload(log: Logger, file: FileDownload): void {
  if (log.download !== undefined) log.download(file);
  else log.info(downloadText(file));
}

export function downloadText({ url, doneBytes, bytes }: FileDownload): string {
  return `Downloading ${url}${doneBytes === 0 ? "" : `: ${megabytes(doneBytes)}${bytes === undefined ? "" : ` of ${megabytes(bytes)}`}`}`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
