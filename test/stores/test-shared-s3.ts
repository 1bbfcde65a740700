import { testBlobStore } from "@shoal/testing/blob-store-suite";
import { afterAll, beforeAll, describe } from "vitest";
import { findS3Server } from "./find-s3-server.ts";
import { s3Fixture, startS3Server, type S3Server } from "./start-s3-server.ts";

/** The suite of blob stores, by two who use one bucket of a real server. Their times are cut to the second. */
export function testSharedS3(): void {
  const path = findS3Server();
  describe.skipIf(path === undefined)("on a real S3-compatible server", () => {
    let server: S3Server;
    beforeAll(async () => void (server = await startS3Server(path as string)));
    afterAll(() => server[Symbol.asyncDispose]());
    testBlobStore("S3", () => s3Fixture(server), { graceMs: 4000 });
  });
}
