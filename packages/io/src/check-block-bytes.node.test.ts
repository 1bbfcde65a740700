import { blockFromRows, ShoalError } from "@shoal/core";
import { encodeBlock } from "@shoal/core/arrow";
import { expect, test, vi } from "vitest";
import { platform } from "#platform";
import { checkBlockBytes } from "./check-block-bytes.ts";

test("a result that no thread could look at is late, and nobody's fault", async () => {
  vi.spyOn(platform, "startThread").mockRejectedValue(new ShoalError("decoder-not-started", "The thread did not start."));
  const check = checkBlockBytes(encodeBlock(blockFromRows([{ n: 1 }])), { rows: 1 }, { timeoutMs: 1000, signal: new AbortController().signal });
  await expect(check).rejects.toMatchObject({ code: "bad-result", details: { late: true } });
});
