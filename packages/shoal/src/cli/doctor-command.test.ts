import process from "node:process";
import { afterEach, expect, test, vi } from "vitest";
import { doctorCommand } from "./doctor-command.ts";
import { exitCodes } from "./exit-codes.ts";

const works = vi.hoisted(() => ({ now: true }));
vi.mock("./probe-devices.ts", () => ({ probeDevices: async () => [{ device: "cpu", works: works.now, detail: "tried" }] }));
vi.mock("./measure-speeds.ts", () => ({ measureSpeeds: async () => [] }));

const before = process.exitCode;
afterEach(() => {
  process.exitCode = before;
  vi.restoreAllMocks();
});

test.each([[[], true], [["--json"], true], [[], false], [["--json"], false]])("doctor %j where a device works: %s", async (flags, isWorking) => {
  works.now = isWorking;
  const said = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  await doctorCommand().parseAsync(flags, { from: "user" });
  expect(process.exitCode).toBe(isWorking ? before : exitCodes.failed);
  expect(said).toHaveBeenCalledOnce();
});
