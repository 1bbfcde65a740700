// The example of packages/testing, as it stands there.
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));

test("the example prints what it says it does", { timeout: 60_000 }, async () => {
  const readme = readFileSync(join(root, "packages/testing/README.md"), "utf8");
  const code = /^```ts\n(.*?)^```/ms.exec(readme)?.[1] as string;
  const printed = /prints `(.*)`\.$/m.exec(readme)?.[1] as string;
  // Inside the workspace, so that packages are found, there in their sources.
  mkdirSync(join(root, "test/out"), { recursive: true });
  const folder = mkdtempSync(join(root, "test/out/testing-"));
  try {
    writeFileSync(join(folder, "package.json"), `{ "type": "module" }`);
    writeFileSync(join(folder, "faults.ts"), code);
    const { stdout } = await promisify(execFile)(process.execPath, ["--conditions=@shoal/source", "--import", join(root, "packages/workers/ts-loader/register.mjs"), "faults.ts"], { cwd: folder });
    expect(stdout.trim()).toBe(printed);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
