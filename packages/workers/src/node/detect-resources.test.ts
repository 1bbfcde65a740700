import { availableParallelism, totalmem } from "node:os";
import { expect, test } from "vitest";
import { cgroupCpus, countGpus, detectResources } from "./detect-resources.ts";

const files = (texts: Record<string, string>) => (path: string) => texts[path];

test("reads the quota of control groups, version 2", () => {
  expect(cgroupCpus(files({ "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": "150000 100000\n" }))).toBe(1.5);
  expect(cgroupCpus(files({ "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": "max 100000\n" }))).toBeUndefined();
});

test("a group above may be the narrowest", () => {
  const texts = { "/proc/self/cgroup": "0::/job.slice/run\n", "/sys/fs/cgroup/job.slice/cpu.max": "200000 100000\n", "/sys/fs/cgroup/job.slice/run/cpu.max": "400000 100000\n" };
  expect(cgroupCpus(files(texts))).toBe(2);
});

test("reads the quota of control groups, version 1", () => {
  const period = { "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n" };
  expect(cgroupCpus(files({ ...period, "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "300000\n" }))).toBe(3);
  expect(cgroupCpus(files({ ...period, "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n" }))).toBeUndefined();
  expect(cgroupCpus(() => undefined)).toBeUndefined();
});

test("counts the GPUs this process may see", () => {
  const folders: Record<string, string[]> = { "/dev": ["nvidia0", "nvidia1", "nvidiactl", "null"], "/proc/driver/nvidia/gpus": ["a", "b", "c", "d"] };
  const entries = (folder: string): string[] => folders[folder] ?? [];
  expect(countGpus(entries, {})).toBe(2);
  expect(countGpus((folder) => (folder === "/dev" ? [] : entries(folder)), {})).toBe(4);
  expect(countGpus(entries, { CUDA_VISIBLE_DEVICES: "1" })).toBe(1);
  expect(countGpus(entries, { CUDA_VISIBLE_DEVICES: "" })).toBe(0);
  expect(countGpus(entries, { CUDA_VISIBLE_DEVICES: "0,-1,1" })).toBe(1);
  expect(countGpus(() => [], {})).toBe(0);
});

test("this machine has something", () => {
  const { cpus, memory } = detectResources();
  expect(cpus).toBeGreaterThanOrEqual(1);
  expect(cpus).toBeLessThanOrEqual(availableParallelism());
  expect(memory).toBeGreaterThan(0);
  expect(memory).toBeLessThanOrEqual(totalmem());
});
