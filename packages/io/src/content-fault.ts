import { ShoalError } from "@shoal/core";

/** What is wrong with the content of a file, in the words of whoever decoded it; {@link badContent} adds which file. */
export class ContentFault extends Error {
  override readonly name = "ContentFault";
  readonly code: ContentFaultCode;

  constructor(code: ContentFaultCode, reason: string, cause?: unknown) {
    super(reason, { cause });
    this.code = code;
  }

  static from(error: unknown): ContentFault {
    if (error instanceof ContentFault) return error;
    const { code, message } = ShoalError.from(error);
    return new ContentFault(code in hints ? (code as ContentFaultCode) : /unsupported|not supported|unrecognized .*type/i.test(message) ? "unsupported-file" : "bad-file", message, error);
  }
}

export type ContentFaultCode = keyof typeof hints;

const hints = {
  "bad-file": "Check the file with another reader, or leave it out.",
  "unsupported-file": "Convert the file, or leave it out; the README of @shoal/io lists what can't be read.",
  "decoder-stalled": "The file is probably damaged; if it is just large, raise stallTimeoutMs.",
  "decoder-crashed": "The file is probably damaged, or needs more memory than there is.",
} as const;

/**
 * The error for a person: which file, where in it, and why.
 * @param where for example `row group 3`
 */
export function badContent(error: unknown, format: string, path: string, where?: string): unknown {
  if (!(error instanceof ContentFault)) return error;
  const place = where === undefined ? "" : `, ${where}`;
  return new ShoalError(error.code, `Can't read "${path}"${place} as ${format}: ${error.message.replace(/\.$/, "")}.`, {
    hint: hints[error.code],
    failure: "bug",
    details: { path, format, reason: error.message, ...(where === undefined ? {} : { where }) },
    cause: error.cause,
  });
}
