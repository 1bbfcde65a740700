import { sha256Of } from "../../blob-bytes.ts";
import type { ByteRange } from "../../blob-store.ts";
import { refusalOf, refused } from "./s3-errors.ts";
import type { S3Answer, S3Requests } from "./s3-requests.ts";
import { elementsIn, escaped, textIn } from "./xml.ts";

/** Bytes that are to be written, as they are asked for. */
export interface S3Source {
  readonly bytes: number;
  read(start: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
}

export interface ListedObject {
  /** Without the prefix of the store. */
  readonly name: string;
  readonly bytes: number;
  /** By the service's clock, in milliseconds since 1970; it may be cut to the second. */
  readonly changedAt: number;
}

export interface ListedPage {
  readonly objects: readonly ListedObject[];
  readonly hasMore: boolean;
  /** The service's time of the answer. */
  readonly at: number;
}

/** As large as a part is, if there are no more of them than the services take. */
const leastPartBytes = 8 << 20;
const mostParts = 9_000;
const partsAtOnce = 3;
/** An upload that nobody has ended for so long was begun by a process that died. */
const abandonedMs = 24 * 3_600_000;

/** Objects of a bucket by name. */
export class S3Objects {
  readonly requests: S3Requests;

  constructor(requests: S3Requests) {
    this.requests = requests;
  }

  /**
   * Writes an object, whole or not at all: in parts when it is large.
   * @param onlyIfAbsent false comes back when there is one by that name, whatever its bytes
   */
  async write(name: string, source: S3Source, onlyIfAbsent: boolean): Promise<boolean> {
    if (source.bytes > 2 * leastPartBytes) return this.#writeInParts(name, source, onlyIfAbsent);
    const body = await source.read(0, source.bytes);
    const { status } = await this.requests.send({
      method: "PUT", name, body, sha256: await sha256Of(body), headers: onlyIfAbsent ? absent : {}, expected: onlyIfAbsent ? [412] : [], doing: `write ${name}`, permission: "s3:PutObject",
    });
    return status !== 412;
  }

  /** The whole object; undefined when it is not there. */
  async read(name: string): Promise<S3Answer | undefined> {
    const answer = await this.requests.send({ method: "GET", name, expected: [404], doing: `read ${name}`, permission: "s3:GetObject" });
    return answer.status === 404 ? undefined : answer;
  }

  /** A part that it has; undefined when it is not there. */
  async readPart(name: string, { start, length }: ByteRange): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const { status, bytes } = await this.requests.send({ method: "GET", name, headers: { range: `bytes=${start}-${start + length - 1}` }, expected: [404], doing: `read ${name}`, permission: "s3:GetObject" });
    if (status === 404) return undefined;
    // A service may answer with the whole.
    return status === 206 ? bytes : bytes.slice(start, start + length);
  }

  /** Undefined when it is not there. */
  async look(name: string): Promise<{ readonly bytes: number; readonly changedAt: number } | undefined> {
    const { status, headers } = await this.requests.send({ method: "HEAD", name, expected: [404], doing: `look for ${name}`, permission: "s3:GetObject" });
    return status === 404 ? undefined : { bytes: Number(headers.get("content-length")), changedAt: Date.parse(headers.get("last-modified") ?? "") };
  }

  async remove(name: string, mayRepeat = true): Promise<void> {
    await this.requests.send({ method: "DELETE", name, expected: [404], mayRepeat, doing: `remove ${name}`, permission: "s3:DeleteObject" });
  }

  /** Up to a thousand names that begin with this, in order, from behind `after` on. */
  async list(begin: string, after?: string): Promise<ListedPage> {
    const { prefix } = this.requests;
    const query = { "list-type": "2", "encoding-type": "url", "max-keys": "1000", prefix: prefix + begin, ...(after !== undefined && { "start-after": prefix + after }) };
    const answer = await this.requests.send({ method: "GET", query, doing: "list what is there", permission: "s3:ListBucket" });
    const xml = answer.text();
    return {
      objects: elementsIn(xml, "Contents").map((each) => ({
        name: decodeURIComponent((textIn(each, "Key") ?? "").replaceAll("+", "%20")).slice(prefix.length),
        bytes: Number(textIn(each, "Size")),
        changedAt: Date.parse(textIn(each, "LastModified") ?? ""),
      })),
      hasMore: textIn(xml, "IsTruncated") === "true",
      at: answer.at,
    };
  }

  /** Page by page. */
  async *pages(begin: string): AsyncGenerator<ListedPage & { readonly after: string | undefined }> {
    for (let after: string | undefined; ; ) {
      const page = await this.list(begin, after);
      yield { ...page, after };
      const last = page.objects.at(-1)?.name;
      if (!page.hasMore || last === undefined) return;
      after = last;
    }
  }

  /** Lets go of the parts that processes left which died while they wrote. */
  async dropAbandoned(begin: string): Promise<void> {
    const { prefix } = this.requests;
    const { text, at } = await this.requests.send({ method: "GET", query: { uploads: "", prefix: prefix + begin, "encoding-type": "url" }, doing: "list unfinished uploads", permission: "s3:ListBucketMultipartUploads" });
    for (const each of elementsIn(text(), "Upload")) {
      const [key, upload, initiated] = [textIn(each, "Key"), textIn(each, "UploadId"), Date.parse(textIn(each, "Initiated") ?? "")];
      if (key !== undefined && upload !== undefined && at - initiated > abandonedMs) await this.#abort(decodeURIComponent(key.replaceAll("+", "%20")).slice(prefix.length), upload);
    }
  }

  async #writeInParts(name: string, source: S3Source, onlyIfAbsent: boolean): Promise<boolean> {
    // So much is not sent to be refused in the end.
    if (onlyIfAbsent && (await this.look(name)) !== undefined) return false;
    const begun = await this.requests.send({ method: "POST", name, query: { uploads: "" }, doing: `write ${name}`, permission: "s3:PutObject" });
    const upload = textIn(begun.text(), "UploadId") ?? "";
    try {
      const partBytes = Math.max(leastPartBytes, Math.ceil(source.bytes / mostParts));
      const count = Math.ceil(source.bytes / partBytes);
      const tags: string[] = [];
      let next = 0;
      const send = async (): Promise<void> => {
        for (let at = next++; at < count; at = next++) {
          const body = await source.read(at * partBytes, Math.min(partBytes, source.bytes - at * partBytes));
          const { headers } = await this.requests.send({ method: "PUT", name, query: { partNumber: String(at + 1), uploadId: upload }, body, sha256: await sha256Of(body), doing: `write ${name}`, permission: "s3:PutObject" });
          tags[at] = headers.get("etag") ?? "";
        }
      };
      const sending = Array.from({ length: Math.min(partsAtOnce, count) }, send);
      // All of them, before anything is aborted: a part that came after it would stay.
      const failed = (await Promise.allSettled(sending)).find((each) => each.status === "rejected");
      if (failed !== undefined) throw failed.reason;
      return await this.#complete(name, source.bytes, upload, tags, onlyIfAbsent);
    } catch (error) {
      await this.#abort(name, upload).catch(() => {});
      throw error;
    }
  }

  async #complete(name: string, bytes: number, upload: string, tags: readonly string[], onlyIfAbsent: boolean): Promise<boolean> {
    const xml = `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${tags.map((tag, at) => `<Part><PartNumber>${at + 1}</PartNumber><ETag>${escaped(tag)}</ETag></Part>`).join("")}</CompleteMultipartUpload>`;
    const body = new TextEncoder().encode(xml);
    const about = { doing: `write ${name}`, permission: "s3:PutObject" };
    const { status, text } = await this.requests.send({
      ...about, method: "POST", name, query: { uploadId: upload }, body, sha256: await sha256Of(body), headers: { "content-type": "application/xml", ...(onlyIfAbsent && absent) }, expected: [404, 412],
    });
    if (status === 412) {
      await this.#abort(name, upload).catch(() => {});
      return false;
    }
    // It may answer 200 first, and then that it has failed; and not know an upload any more whose end it told us in an answer that was lost.
    const refusal = refusalOf(status, text());
    if ((status === 404 || refusal.code !== "") && (await this.look(name))?.bytes !== bytes) throw refused(refusal, { ...about, where: this.requests.where });
    return true;
  }

  async #abort(name: string, upload: string): Promise<void> {
    await this.requests.send({ method: "DELETE", name, query: { uploadId: upload }, expected: [404], doing: `give up writing ${name}`, permission: "s3:AbortMultipartUpload" });
  }
}

const absent = { "if-none-match": "*" };

/** Bytes that are in memory. */
export function sourceOf(bytes: Uint8Array<ArrayBuffer>): S3Source {
  return { bytes: bytes.byteLength, read: async (start, length) => bytes.subarray(start, start + length) };
}
