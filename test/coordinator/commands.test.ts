import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fixtures, shoal, startShoal } from "../cli/shoal.ts";
import { startReading } from "./reading.ts";

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "shoal-serve-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("serve prints links for everybody, and no QR code of one that no phone can open, and ends in order by Ctrl-C; again on the folder, the links are the same", { timeout: 60_000 }, async () => {
  const serveOnce = async (): Promise<string> => {
    const { child, finished } = startShoal(["serve"], folder);
    const out = startReading(child.stdout);
    await out.until(/keep it to yourself\.\n$/);
    child.kill("SIGINT");
    expect(await finished).toMatchObject({ code: 0, err: expect.stringMatching(/Only this machine[^]*Closing: what is done is kept/) as string });
    return out.text();
  };
  const text = await serveOnce();
  expect(text).toMatch(/^Coordinator at http:\/\/127\.0\.0\.1:\d+\/ \(kept in \.shoal-coordinator\)/);
  for (const line of [/Lend a tab or a phone {3}http\S+#\S+/, /shoal work "http\S+#\S+"/, /shoal run job\.ts --on "http\S+#\S+"/, /Watch, and see links\s+http\S+\/dashboard\/#\S+/]) expect(text).toMatch(line);
  expect(text).not.toMatch(/[█▀▄]{10,}/);
  expect(await serveOnce()).toBe(text);
});

test("serve --json gives the links to a program", { timeout: 60_000 }, async () => {
  const { child, finished } = startShoal(["serve", "--json", "--folder", "json"], folder);
  const out = startReading(child.stdout);
  await out.until(/\n/);
  child.kill("SIGTERM");
  expect((await finished).code).toBe(0);
  const [first] = out.text().split("\n");
  expect(JSON.parse(first ?? "")).toMatchObject({ kind: "links", url: expect.stringMatching(/^http/) as string, links: { work: expect.any(String) as string, dashboard: expect.any(String) as string, submit: expect.any(String) as string, volunteer: expect.any(String) as string } });
});

test("what can't be is said, with what to do", { timeout: 180_000 }, async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  const port = String((taken.address() as AddressInfo).port);
  try {
    expect(await shoal(["serve", "--port", port, "--folder", "taken"], folder)).toMatchObject({ code: 1, err: expect.stringMatching(/port-taken[^]*--port/) as string });
  } finally {
    taken.close();
  }
  writeFileSync(join(folder, "no.pem"), "nothing");
  expect(await shoal(["serve", "--cert", "no.pem", "--folder", "cert"], folder)).toMatchObject({ code: 2, err: expect.stringContaining("--cert is given without --key") as string });
  expect(await shoal(["serve", "--cert", "no.pem", "--key", "no.pem", "--folder", "cert"], folder)).toMatchObject({ code: 1, err: expect.stringContaining("bad-certificate") as string });
  expect(await shoal(["serve", "--port", "x"], folder)).toMatchObject({ code: 2 });
  const [shoalUrl, transformersUrl] = ["shoal", "shoal/transformers"].map((name) => JSON.stringify(import.meta.resolve(name)));
  writeFileSync(join(folder, "none.mjs"), `import { fromItems, jsonl } from ${shoalUrl};\nimport { textClassification } from ${transformersUrl};\nexport default fromItems([{ text: "a" }]).mapBatches(textClassification({ model: "./models/none", input: "text", output: "label" })).to(jsonl("none.jsonl"));\n`);
  const none = await shoal(["run", "none.mjs", "--share"], folder);
  expect(none).toMatchObject({ code: 1, err: expect.stringMatching(/model-not-found: [^]*models\/none/) as string });
  // Nobody was told of links to nothing, and nothing is left of it.
  expect(none.err).not.toMatch(/Lend a machine|#\w{20}/);
  expect(existsSync(join(folder, ".none.jsonl.shoal-share"))).toBe(false);
  const job = join(fixtures, "fussy-job.ts");
  for (const [args, words] of [
    [["--share", "--on", "http://127.0.0.1:1/#x"], "contradict"],
    [["--host", "0.0.0.0"], "--host has no effect without --share"],
    [["--volunteers"], "--volunteers has no effect"],
    [["--code"], "--code has no effect without --share, --on, --dashboard or --explain"],
    [["--priority", "1"], "--priority has no effect without --share or --on"],
    [["--priority", "1.5", "--share"], "It must be a whole number"],
    [["--dashboard", "--on", "http://127.0.0.1:1/#x"], "--dashboard has no effect with --on"],
    [["--on", "127.0.0.1:80"], "bad-link"],
  ] as const) {
    expect({ args, ...(await shoal(["run", job, ...args], folder)) }).toMatchObject({ code: 2, err: expect.stringContaining(words) as string });
  }
});
