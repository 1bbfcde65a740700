import { testBlobStore } from "@shoal/testing/blob-store-suite";
import { testSharedS3 } from "../stores/test-shared-s3.ts";
import { sharedFolderFixture } from "../stores/shared-folder-fixture.ts";

// Those of the engines are held to the same suite in engines.test.ts.
testBlobStore("shared folder, by two processes", sharedFolderFixture, { graceMs: 4000 });
testSharedS3();
