// One story, told by every runtime on each device it has; what it came to is the goldens', and so the same everywhere.
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { chromium } from "playwright";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { denoHasGpu } from "./deno-gpu.ts";
import { findChromium } from "./find-chromium.ts";
import { findNode } from "./find-node.ts";
import { findRuntime, type RuntimeName } from "./find-runtime.ts";
import { chromiumArgs, servePage } from "./serve-page.ts";
import { embedder, expectedChapter, expectedRecovery, writeInput } from "./story/expected-story.ts";
import { differences } from "./story/law-eight.ts";
import type { Story, StorySetting } from "./story/story.ts";
import { vulkanDriver } from "./vulkan-driver.ts";

const workspace = fileURLToPath(new URL("../../", import.meta.url));
const tell = fileURLToPath(new URL("story/tell.ts", import.meta.url));
const out = fileURLToPath(new URL("../out/", import.meta.url));
const minutes = (count: number): { readonly timeout: number } => ({ timeout: count * 60_000 });

let folder: string;
beforeAll(async () => {
  await mkdir(out, { recursive: true });
  folder = await mkdtemp(`${out}story-`);
  await writeInput(`${folder}/input`);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Tells the story as a user would run a script. */
async function told(by: string, path: string, args: readonly string[], devices: StorySetting["devices"]): Promise<Story> {
  const setting: StorySetting = {
    input: `${folder}/input`, output: `${folder}/${by}`, mark: `${folder}/${by}.mark`, devices, models: embedder === undefined ? {} : { embedder: embedder.path },
  };
  const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !/^(NODE_OPTIONS$|NODE_ENV$|VITEST)/.test(key)));
  const driver = vulkanDriver();
  const { stdout } = await promisify(execFile)(path, [...args, JSON.stringify(setting)], { cwd: workspace, maxBuffer: 2 ** 26, timeout: 230_000, killSignal: "SIGKILL", env: { ...env, ...(driver !== undefined && by !== "deno" && { VK_ICD_FILENAMES: driver }) } });
  return JSON.parse(stdout) as Story;
}

/** What was told so far, by whom. */
const tellings = new Map<string, Story>();

/** Where the story is another than it must be, on all of these devices. */
function wrong(by: string, story: Story, devices: readonly string[]): string[] {
  tellings.set(by, story);
  const { rows, skipped, deadLetters, lostActors } = story.recovery;
  const failed = deadLetters.map(({ row, error }) => ({ row, code: (error as { code: string }).code }));
  return [
    ...devices.flatMap((device) => differences(story.devices[device], expectedChapter, device)),
    ...differences({ rows, skipped, failed, lostActors }, expectedRecovery, "recovery"),
  ];
}

describe.each([20, 22, 24])("Node %i", (major) => {
  const node = findNode(major);
  const devices = vulkanDriver() === undefined ? (["cpu", "wasm"] as const) : (["cpu", "wasm", "webgpu"] as const);

  test.skipIf(node === undefined)(`tells the story on ${devices.join(", ")}`, minutes(4), async () => {
    const args = ["--conditions=@shoal/source", "--import", "@shoal/workers/ts-loader", tell];
    expect(wrong(`node-${major}`, await told(`node-${major}`, node as string, args, devices), devices)).toEqual([]);
  });
});

const others: readonly (readonly [RuntimeName, StorySetting["devices"]])[] = [["bun", ["cpu", "wasm"]], ["deno", denoHasGpu() ? ["cpu", "wasm", "webgpu"] : ["cpu", "wasm"]]];

describe.each(others)("%s", (name, devices) => {
  const runtime = findRuntime(name);

  test.skipIf(runtime === undefined)(`tells the story on ${devices.join(", ")}`, minutes(3), async () => {
    const command = runtime?.command(tell, "@shoal/source") ?? [];
    expect(wrong(name, await told(name, runtime?.path as string, command, devices), devices)).toEqual([]);
  });
});

describe("Chromium", () => {
  const executablePath = findChromium();

  test.skipIf(executablePath === undefined)("tells the story in a page on wasm, webgpu", minutes(4), async () => {
    const page = await servePage(new URL("story/page/", import.meta.url), { input: `${folder}/input`, ...(embedder !== undefined && { [embedder.name]: embedder.path }) });
    onTestFinished(() => page[Symbol.asyncDispose]());
    const browser = await chromium.launch({ executablePath: executablePath as string, headless: true, chromiumSandbox: false, args: [...chromiumArgs] });
    onTestFinished(() => browser.close());
    const tab = await browser.newPage();
    await tab.goto(page.address);
    await tab.waitForFunction("globalThis.tellStory !== undefined");
    const devices = ["wasm", "webgpu"] as const;
    const setting: StorySetting = {
      input: `${page.address}/input`, output: "opfs:/story", mark: "mark", devices, models: embedder === undefined ? {} : { embedder: `${page.address}/${embedder.name}/` },
    };
    const story = await tab.evaluate((given) => (globalThis as unknown as { tellStory(setting: StorySetting): Promise<Story> }).tellStory(given), setting);
    expect(wrong("chromium", story, devices)).toEqual([]);
  });
});

test("all of them tell the same, on all devices", () => {
  const chapters = [...tellings].flatMap(([by, { devices }]) => Object.entries(devices).map(([device, chapter]) => ({ by: `${by} on ${device}`, chapter })));
  const [first, ...others] = chapters;
  expect(others.flatMap(({ by, chapter }) => differences(chapter, first?.chapter, by))).toEqual([]);
});
