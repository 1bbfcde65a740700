import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const loader = fileURLToPath(new URL("../../../workers/ts-loader/register.mjs", import.meta.url));

// When nothing is left to wait for, the thread that was kept for the next job is still there: it was not waited for.
const program = `
  const threads = () => process.report.getReport().workers.length;
  const before = threads();
  const { runInThread } = await import(${JSON.stringify(new URL("../decode-thread.ts", import.meta.url).href)});
  const { blockFromRows } = await import("@shoal/core");
  const { encodeBlock } = await import("@shoal/core/arrow");
  const bytes = encodeBlock(blockFromRows([{ n: 1 }]));
  for await (const _ of runInThread("arrow-inspect", { bytes, expected: { rows: 1, anyValues: true } }, { signal: new AbortController().signal }));
  process.once("beforeExit", () => console.log(threads() - before));
`;

test("a thread that is kept for the next job does not keep its process", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ["--conditions=@shoal/source", "--import", loader, "--input-type=module", "-e", program], { cwd: fileURLToPath(new URL("../../", import.meta.url)) });
  expect(stdout.trim()).toBe("1");
});
