import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memoryFiles } from "@shoal/testing";
import { folderFiles, openStore } from "@shoal/cluster/stores";
import { testFileStore, type FileStoreFixture } from "@shoal/testing/file-store-suite";
import { afterAll, beforeAll, describe } from "vitest";
import { findS3Server } from "../stores/find-s3-server.ts";
import { startS3Server, type S3Server } from "../stores/start-s3-server.ts";

async function folderFixture(isShared: boolean): Promise<FileStoreFixture> {
  const folder = await mkdtemp(join(tmpdir(), "shoal-files-"));
  const files = folderFiles(folder, { isShared });
  return { files, [Symbol.asyncDispose]: async () => {
    await files.close();
    await rm(folder, { recursive: true });
  } };
}

testFileStore("memory", () => ({ files: memoryFiles() }));
testFileStore("a folder of one's own", () => folderFixture(false));
testFileStore("a shared folder", () => folderFixture(true));

const s3 = findS3Server();
describe.skipIf(s3 === undefined)("on a real S3-compatible server", () => {
  let server: S3Server;
  beforeAll(async () => void (server = await startS3Server(s3 as string)));
  afterAll(() => server[Symbol.asyncDispose]());
  testFileStore("S3", async () => {
    const { files } = await openStore(`s3://shoal/${crypto.randomUUID()}`, { environment: server.environment });
    return { files, [Symbol.asyncDispose]: () => files.close() };
  });
});
