// Runs in Bun and in Deno, by vitest.config.mjs of this folder: the suite of blob stores, in the runtime itself.
import { testBlobStore } from "@shoal/testing/blob-store-suite";
import { sharedFolderFixture } from "../../stores/shared-folder-fixture.ts";
import { testSharedS3 } from "../../stores/test-shared-s3.ts";

testBlobStore("shared folder, by two processes", sharedFolderFixture, { graceMs: 4000 });
testSharedS3();
