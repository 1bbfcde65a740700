// The other process of shared-folder-fixture.ts: does with a shared folder what it is told on standard input, and answers on standard output.
import { createInterface } from "node:readline";
import { ShoalError } from "@shoal/core";
import { sharedFolderBlobs } from "@shoal/cluster/stores";
import type { BlobCall, BlobReply } from "./blob-process.ts";

const blobs = sharedFolderBlobs(process.argv[2] as string);

async function answer({ id, method, sha256 = "", bytes = "", range, graceMs = 0 }: BlobCall): Promise<BlobReply> {
  switch (method) {
    case "put": return { id, value: await blobs.put(sha256, new Uint8Array(Buffer.from(bytes, "base64"))) };
    case "get": return { id, bytes: Buffer.from(await blobs.get(sha256, range)).toString("base64") };
    case "size": return { id, value: await blobs.size(sha256) };
    case "collect": return { id, value: await blobs.collect(() => false, graceMs) };
  }
}

createInterface({ input: process.stdin }).on("line", (line) => {
  const call = JSON.parse(line) as BlobCall;
  void answer(call)
    .catch((error: unknown) => ({ id: call.id, error: ShoalError.from(error).toData() }))
    .then((reply) => process.stdout.write(`${JSON.stringify(reply)}\n`));
});
