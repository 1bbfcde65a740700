// A process of shared-folder.test.ts: puts blobs into a shared folder without end, the same ones as every other, and says on standard output what is stored.
import { sha256Of } from "@shoal/cluster";
import { localDisk } from "@shoal/cluster/embedded";
import { sharedFolderBlobs } from "@shoal/cluster/stores";
import { blobOf } from "./blob-of.ts";

const [folder, from, slowly] = process.argv.slice(2) as [string, string, string | undefined];
const blobs = sharedFolderBlobs(folder, slowly === undefined ? {} : {
  // It writes in small pieces, and is killed between two of them.
  disk: { ...localDisk, create: async (path) => {
    const file = await localDisk.create(path);
    return { write: async (bytes, position) => {
      for (let at = 0; at < bytes.byteLength; at += 1000) {
        await file.write(bytes.subarray(at, at + 1000), position + at);
        process.stdout.write("writing\n");
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }, sync: () => file.sync(), truncate: (length) => file.truncate(length), close: () => file.close() };
  } },
});
console.log("open");
for (let number = Number(from); ; number++) {
  const bytes = blobOf(number);
  const sha256 = await sha256Of(bytes);
  process.stdout.write(`${await blobs.put(sha256, bytes)} ${sha256}\n`);
}
