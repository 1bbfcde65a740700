import { sha256Of } from "../../blob-bytes.ts";
import { isSha256 } from "../files/file-place.ts";
import type { S3Objects } from "./s3-objects.ts";

/**
 * What leaves, and who may say so: an object that one process at a time keeps, with the names that it is about to remove.
 *
 * A store has no way to remove an object only while it is as old as it was. So whoever removes says first which, then looks at their ages once more; and whoever
 * renews the age of one looks afterwards whether it is named here, and if so waits until it is not, and stores it again where it is gone. Whichever of both
 * was first, the other one sees it. A removal is sent once: what is repeated might come after the object is there again.
 */
export class S3Collector {
  readonly #objects: S3Objects;
  readonly #begin: string;
  /** Removals are not begun later than this after their names were written, and take half of it at most; names are not believed for longer than twice that. */
  readonly #leavingMs: number;

  /** @param begin what the names of its objects begin with; the SHA-256 follows */
  constructor(objects: S3Objects, begin: string) {
    this.#objects = objects;
    this.#begin = begin;
    this.#leavingMs = 2 * objects.requests.requestMs;
  }

  /** Settles once nobody is about to remove it. Called after its age was renewed: true when it may be gone all the same. */
  async isLeaving(sha256: string): Promise<boolean> {
    const { clock, signal } = this.#objects.requests;
    if (!(await this.#names(sha256))) return false;
    do await clock.sleep(pollMs, signal);
    while (await this.#names(sha256));
    return true;
  }

  async collect(isReferenced: (sha256: string) => boolean, graceMs: number): Promise<{ readonly removed: number; readonly bytes: number }> {
    const { clock } = this.#objects.requests;
    const total = { removed: 0, bytes: 0 };
    let tag = await this.#take();
    // Another one is at it.
    if (tag === undefined) return total;
    for await (const { objects, at, after } of this.#objects.pages(this.#begin)) {
      const leaving = objects.filter(({ name, changedAt }) => isOld(changedAt, at, graceMs) && isSha256(this.#nameOf(name)) && !isReferenced(this.#nameOf(name)));
      if (leaving.length === 0) continue;
      const until = clock.now() + this.#leavingMs;
      tag = await this.#write(leaving.map(({ name }) => this.#nameOf(name)), { "if-match": tag });
      if (tag === undefined) return total;
      const names = new Set(leaving.map(({ name }) => name));
      const again = await this.#objects.list(this.#begin, after);
      const old = again.objects.filter(({ name, changedAt }) => names.has(name) && isOld(changedAt, again.at, graceMs));
      const remove = async (): Promise<void> => {
        for (let next = old.pop(); next !== undefined && clock.now() < until; next = old.pop()) {
          await this.#objects.remove(next.name, false);
          total.removed++;
          total.bytes += next.bytes;
        }
      };
      const failed = (await Promise.allSettled(Array.from({ length: removedAtOnce }, remove))).find((each) => each.status === "rejected");
      // Names stay, until they are too old to be believed: who knows what becomes of a removal without an answer.
      if (failed !== undefined) throw failed.reason;
    }
    // Not where it took so long that another one may have begun: then it is theirs.
    if ((await this.#write([], { "if-match": tag })) !== undefined) await this.#objects.remove(lockName);
    return total;
  }

  #nameOf(name: string): string {
    return name.slice(this.#begin.length);
  }

  /** What the lock is known by while it is ours. */
  async #take(): Promise<string | undefined> {
    const fresh = await this.#write([], { "if-none-match": "*" });
    if (fresh !== undefined) return fresh;
    const lock = await this.#objects.read(lockName);
    if (lock === undefined || this.#isAlive(lock)) return undefined;
    return this.#write([], { "if-match": lock.headers.get("etag") ?? "" });
  }

  #isAlive({ headers, at }: { readonly headers: Headers; readonly at: number }): boolean {
    return at - Date.parse(headers.get("last-modified") ?? "") <= 2 * this.#leavingMs;
  }

  async #names(sha256: string): Promise<boolean> {
    const lock = await this.#objects.read(lockName);
    return lock !== undefined && this.#isAlive(lock) && lock.text().includes(sha256);
  }

  async #write(leaving: readonly string[], headers: Readonly<Record<string, string>>): Promise<string | undefined> {
    // Never the same bytes twice, for they would be known by the same tag.
    const body = new TextEncoder().encode(JSON.stringify({ id: crypto.randomUUID(), leaving }));
    const answer = await this.#objects.requests.send({
      method: "PUT", name: lockName, body, sha256: await sha256Of(body), headers, expected: [404, 412], doing: "say what is to be removed", permission: "s3:PutObject",
    });
    return answer.status === 200 ? (answer.headers.get("etag") ?? "") : undefined;
  }
}

const lockName = "collecting.json";
const pollMs = 200;
const removedAtOnce = 8;

/** Times may be cut to the second. */
function isOld(changedAt: number, now: number, graceMs: number): boolean {
  return changedAt + 1_000 <= now - graceMs;
}
