import { execFile } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { manifest, publicPackages, workspace } from "./workspace.ts";

test("no package is published from its folder, where it may not be built: npm passes it over", async () => {
  const folders = await publicPackages();
  expect(folders).toContain("packages/shoal");
  for (const folder of folders) expect(await manifest(join(workspace, folder))).toMatchObject({ private: true });
  const said = await new Promise<string>((resolve) => {
    execFile("npm", ["publish", "--dry-run", "--registry=http://127.0.0.1:9"], { cwd: join(workspace, "packages/planner"), shell: process.platform === "win32" }, (_error, _out, err) => resolve(err));
  });
  expect(said).toMatch(/EPRIVATE|Skipping workspace @shoal\/planner, marked as private/);
});
