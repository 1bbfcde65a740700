import { ShoalError } from "@shoal/core";

/** A file on a server. */
export interface RemoteFile {
  readonly url: string;
  /** Sent to the host of `url` alone, never to one it redirects to. */
  readonly token: string | undefined;
  /** For messages. */
  readonly model: string;
}

/** An answer after all redirects, with what the redirecting servers said about the file. */
export interface FileResponse {
  readonly response: Response;
  /** Quotes and weakness mark removed. */
  readonly etag: string | undefined;
  /** Bytes of the whole file. */
  readonly length: number | undefined;
}

const mostRedirects = 10;
const tokenHint = "Check the model's name; for a private or gated model accept its terms on its page and set HF_TOKEN to a token that may read it.";

/** @throws `unauthorized`, `download-failed` for redirects without end. Network errors come as they are. */
export async function fetchFile(file: RemoteFile, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<FileResponse> {
  const origin = new URL(file.url).origin;
  let url = new URL(file.url);
  let linkedEtag: string | undefined;
  let linkedLength: number | undefined;
  for (let redirects = 0; redirects <= mostRedirects; redirects++) {
    const authorization = file.token !== undefined && url.origin === origin ? { authorization: `Bearer ${file.token}` } : {};
    // Compressed bytes could be neither counted nor resumed.
    const response = await fetch(url, { headers: { "accept-encoding": "identity", ...headers, ...authorization }, redirect: "manual", signal });
    linkedEtag ??= response.headers.get("x-linked-etag") ?? undefined;
    linkedLength ??= wholeNumber(response.headers.get("x-linked-size"));
    const location = response.headers.get("location");
    if (response.status >= 300 && response.status < 400 && location !== null) {
      await response.body?.cancel();
      url = new URL(location, url);
      continue;
    }
    if (response.status === 401 || response.status === 403) throw await unauthorized(file, response, tokenHint);
    return { response, etag: plainEtag(linkedEtag ?? response.headers.get("etag")), length: linkedLength ?? lengthOf(response) };
  }
  throw new ShoalError("download-failed", `${file.url} (model "${file.model}") redirects more than ${mostRedirects} times.`, { failure: "bug", hint: "Check the address of the hub (HF_ENDPOINT) and the proxy on the way." });
}

/**
 * @param hint how to give a token here
 * @returns the error for an answer that refuses a file.
 */
export async function unauthorized(file: RemoteFile, response: Response, hint: string): Promise<ShoalError> {
  await response.body?.cancel();
  const known = file.token === undefined ? "no token was sent" : "the token that was sent is not enough";
  return new ShoalError("unauthorized", `${file.url} (model "${file.model}") answered ${response.status}: the model does not exist, is private or is gated, and ${known}.`, {
    failure: "bug",
    hint,
    details: { status: response.status, url: file.url },
  });
}

function lengthOf(response: Response): number | undefined {
  const range = /\/(\d+)$/.exec(response.headers.get("content-range") ?? "");
  return range === null ? wholeNumber(response.headers.get("content-length")) : Number(range[1]);
}

function wholeNumber(text: string | null): number | undefined {
  return text !== null && /^\d+$/.test(text) ? Number(text) : undefined;
}

function plainEtag(etag: string | null | undefined): string | undefined {
  return etag?.replace(/^W\//, "").replaceAll(`"`, "");
}
