import { ShoalError, systemDate, type Clock } from "@shoal/core";
import type { AwsV4Signer } from "aws4fetch";
import { joinedBytes } from "../../joined-bytes.ts";
import { passesBy, refusalOf, refused, unreachable, type S3Doing, type S3Refusal } from "./s3-errors.ts";
import { defaultRegion, type S3Credentials, type S3Options } from "./s3-options.ts";

export interface S3Request {
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  /** The object, without the prefix; absent: the bucket. */
  readonly name?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer>;
  /** The SHA-256 of the body, which the service then checks. */
  readonly sha256?: string;
  /** Completes "can't …". */
  readonly doing: string;
  /** What credentials must allow, as `s3:GetObject`. */
  readonly permission: string;
  /** Answers beside 2xx that the caller knows what to do with. */
  readonly expected?: readonly number[];
  /** False: sent once. Who doesn't know whether it was carried out must not do it twice. */
  readonly mayRepeat?: boolean;
}

export interface S3Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly text: () => string;
  /** The service's time, in milliseconds since 1970, to the second; this machine's where it doesn't say. */
  readonly at: number;
}

type SignerOptions = ConstructorParameters<typeof AwsV4Signer>[0];

const firstWaitMs = 100;
const longestWaitMs = 3_000;
/** Bytes go at least so fast, or the request is given up. */
const leastBytesPerMs = 128;
/** Of an object, or a part of one; of an answer that is none. */
const mostAnswerBytes = 256 << 20;
const mostRefusalBytes = 1 << 20;
const emptySha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/** Signed requests to one bucket, sent again while that may help. What they throw: `store-unreachable`, `store-refused`, `store-missing`, `disk-full`. */
export class S3Requests {
  /** For people: `s3://bucket/prefix at https://host`. */
  readonly where: string;
  readonly prefix: string;
  readonly date: () => number;
  readonly clock: Clock;
  readonly requestMs: number;
  readonly signal: AbortSignal | undefined;
  readonly #options: S3Options;
  readonly #random: () => number;
  readonly #fetch: typeof globalThis.fetch;
  readonly #region: string;
  readonly #bucketUrl: string;
  readonly #publicUrl: string;
  readonly #tries: number;
  /** Keys derived from the secret, one for each day. */
  readonly #signingKeys = new Map<string, ArrayBuffer>();

  /** @throws `bad-option` */
  constructor(options: S3Options) {
    this.#options = options;
    this.#region = options.region ?? defaultRegion;
    const endpoint = checkedEndpoint(options.endpoint ?? `https://s3.${this.#region}.amazonaws.com`);
    if (!/^[a-zA-Z0-9][a-zA-Z0-9._-]{1,254}$/.test(options.bucket)) throw new ShoalError("bad-option", `"${options.bucket}" is no name of a bucket.`, { hint: "Name it as in s3://bucket/prefix.", failure: "bug" });
    this.prefix = options.prefix === undefined || options.prefix === "" ? "" : `${options.prefix.replace(/^\/+|\/+$/g, "")}/`;
    this.#bucketUrl = `${endpoint}/${options.bucket}`;
    this.#publicUrl = options.publicEndpoint === undefined ? this.#bucketUrl : `${checkedEndpoint(options.publicEndpoint)}/${options.bucket}`;
    this.where = `s3://${options.bucket}/${this.prefix} at ${endpoint}`;
    this.date = options.date ?? systemDate;
    this.clock = options.clock;
    this.requestMs = options.requestMs ?? 30_000;
    this.signal = options.signal;
    this.#random = options.random;
    this.#tries = Math.max(1, options.tries ?? 5);
    const given = options.fetch ?? globalThis.fetch;
    this.#fetch = (input, init) => given(input, init);
  }

  /** Sends it, again where that may help, until there is an answer that means something. */
  async send(request: S3Request): Promise<S3Answer> {
    const about: S3Doing = { doing: request.doing, where: this.where, permission: request.permission };
    const tries = request.mayRepeat === false ? 1 : this.#tries;
    let last = "";
    let cause: unknown;
    for (let turn = 0; turn < tries; turn++) {
      if (turn > 0) await this.clock.sleep(Math.min(longestWaitMs, firstWaitMs * 2 ** (turn - 1)) * (0.5 + this.#random()), this.signal);
      let answer: S3Answer;
      try {
        answer = await this.#sendOnce(request);
      } catch (error) {
        if (ShoalError.is(error) && error.code !== "store-unreachable") throw error;
        [last, cause] = [`there was no answer (${reasonOf(error)}).`, error];
        continue;
      }
      if (answer.status >= 200 && answer.status < 300) return answer;
      const refusal: S3Refusal = refusalOf(answer.status, answer.text());
      // Nothing is in a bucket that is not there, but who looks into it wants to know why.
      if (request.expected?.includes(answer.status) === true && refusal.code !== "NoSuchBucket") return answer;
      // Somebody else writes the same object at this moment.
      const isRaced = answer.status === 409 && request.method !== "DELETE" && refusal.code !== "BucketNotEmpty";
      if (!passesBy(refusal) && !isRaced) throw refused(refusal, about);
      [last, cause] = [`it answered ${[refusal.code || `HTTP ${answer.status}`, refusal.message].filter(Boolean).join(": ")}.`, undefined];
    }
    throw unreachable(about, tries > 1 ? `after ${tries} tries ${last}` : last, cause);
  }

  /** An address that allows one method on one object for a while, without credentials. */
  async presigned(method: "GET" | "PUT", name: string, seconds: number): Promise<string> {
    const url = this.#url(name, { "X-Amz-Expires": String(seconds) }, this.#publicUrl);
    return (await this.#sign({ method, url, signQuery: true })).url.href;
  }

  async #sendOnce({ method, name, query, headers, body, sha256 }: S3Request): Promise<S3Answer> {
    const signed = await this.#sign({
      method, url: this.#url(name, query, this.#bucketUrl),
      headers: { ...headers, "X-Amz-Content-Sha256": sha256 ?? (body === undefined ? emptySha256 : "UNSIGNED-PAYLOAD") },
    });
    const tooLong = new AbortController();
    const answered = new AbortController();
    const limitMs = this.requestMs + (body?.byteLength ?? 0) / leastBytesPerMs;
    // Clocks of tests stand still, and sleep for ever.
    void this.clock.sleep(limitMs, answered.signal).then(() => tooLong.abort(new Error(`none within ${Math.round(limitMs / 1000)} s`)), () => {});
    try {
      const response = await this.#fetch(signed.url, { method, headers: signed.headers, redirect: "manual", signal: tooLong.signal, ...(body !== undefined && { body }) });
      const bytes = await bodyOf(response, tooLong);
      const at = Date.parse(response.headers.get("date") ?? "");
      return { status: response.status, headers: response.headers, bytes, text: () => new TextDecoder().decode(bytes), at: Number.isNaN(at) ? this.date() : at };
    } catch (error) {
      throw tooLong.signal.aborted ? tooLong.signal.reason : error;
    } finally {
      answered.abort();
    }
  }

  #url(name: string | undefined, query: Readonly<Record<string, string>> = {}, bucket: string): string {
    const path = name === undefined ? "" : `/${`${this.prefix}${name}`.split("/").map(encodeURIComponent).join("/")}`;
    const search = new URLSearchParams(query).toString();
    return `${bucket}${path}${search === "" ? "" : `?${search}`}`;
  }

  async #sign(request: Pick<SignerOptions, "method" | "url" | "headers" | "signQuery">): ReturnType<AwsV4Signer["sign"]> {
    // Most stores are folders.
    const { AwsV4Signer } = await import("aws4fetch");
    return new AwsV4Signer({ ...(await this.#signing()), ...request }).sign();
  }

  async #signing(): Promise<S3Credentials & { readonly service: "s3"; readonly region: string; readonly datetime: string; readonly cache: Map<string, ArrayBuffer> }> {
    const { credentials } = this.#options;
    const { accessKeyId, secretAccessKey, sessionToken } = typeof credentials === "function" ? await credentials() : credentials;
    // Of days, and secrets, that are over.
    if (this.#signingKeys.size > 16) this.#signingKeys.clear();
    return {
      accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }), service: "s3", region: this.#region, cache: this.#signingKeys,
      datetime: new Date(this.date()).toISOString().replace(/[:-]|\.\d{3}/g, ""),
    };
  }
}

/** All of it, if it is no more than any object is that is read whole: what answers in place of the service may never end. */
async function bodyOf(response: Response, tooLong: AbortController): Promise<Uint8Array<ArrayBuffer>> {
  const mostBytes = response.ok ? mostAnswerBytes : mostRefusalBytes;
  const parts: Uint8Array[] = [];
  let length = 0;
  for (const reader = response.body?.getReader(); reader !== undefined; ) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.byteLength;
    if (length > mostBytes) {
      tooLong.abort(new Error(`one of more than ${mostBytes >> 20} MiB, as no store gives`));
      throw tooLong.signal.reason;
    }
    parts.push(value);
  }
  return joinedBytes(parts);
}

function checkedEndpoint(endpoint: string): string {
  let url: URL | undefined;
  try {
    url = new URL(endpoint);
  } catch {
    // Said below.
  }
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== "" || url.search !== "" || url.hash !== "") {
    throw new ShoalError("bad-option", `"${endpoint}" is no address of an S3-compatible service.`, { hint: "Name it as https://host, or http://host:port.", failure: "bug" });
  }
  return url.href.replace(/\/+$/, "");
}

/** Runtimes say "fetch failed", and why in the cause, if at all. */
function reasonOf(error: unknown): string {
  const { message, cause } = (error ?? {}) as { readonly message?: string; readonly cause?: { readonly code?: string; readonly message?: string } };
  return [message ?? String(error), cause?.code ?? cause?.message].filter(Boolean).join(": ");
}
