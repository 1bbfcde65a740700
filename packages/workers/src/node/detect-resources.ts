import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import type { Resources } from "@shoal/core";

/** What this process may use: limits of its container respected, GPUs counted where NVIDIA's driver shows them. */
export function detectResources(): Resources {
  const constrained = process.constrainedMemory?.() ?? 0;
  return {
    // A share below one CPU still runs one thing at a time.
    cpus: Math.max(1, Math.floor(Math.min(availableParallelism(), cgroupCpus(readText) ?? Infinity))),
    gpus: countGpus(list, process.env),
    memory: constrained > 0 ? Math.min(constrained, totalmem()) : totalmem(),
  };
}

/** The CPUs that control groups allow, as a fraction; undefined where they set no limit. Newer Nodes count them by themselves. */
export function cgroupCpus(read: (path: string) => string | undefined): number | undefined {
  const limits = groupPaths(read("/proc/self/cgroup") ?? "").map((group) => quotaV2(read(`/sys/fs/cgroup${group}/cpu.max`)));
  const period = Number(read("/sys/fs/cgroup/cpu/cpu.cfs_period_us"));
  const quota = Number(read("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"));
  if (quota > 0 && period > 0) limits.push(quota / period);
  const set = limits.filter((limit) => limit !== undefined);
  return set.length === 0 ? undefined : Math.min(...set);
}

/** The group of this process and every group above it: each may set a limit. */
function groupPaths(cgroup: string): string[] {
  const own = /^0::(\/.*)$/m.exec(cgroup)?.[1] ?? "/";
  const parts = own.split("/").filter(Boolean);
  return Array.from({ length: parts.length + 1 }, (_, depth) => parts.slice(0, depth).map((part) => `/${part}`).join(""));
}

/** `cpu.max` holds a quota and a period, or `max` and a period. */
function quotaV2(text: string | undefined): number | undefined {
  const [quota, period] = (text ?? "").trim().split(/\s+/).map(Number);
  return quota !== undefined && period !== undefined && quota > 0 && period > 0 ? quota / period : undefined;
}

/** Device files are what a container was given; the driver's list names the whole machine's. */
export function countGpus(entries: (folder: string) => readonly string[], env: Readonly<Record<string, string | undefined>>): number {
  const devices = entries("/dev").filter((name) => /^nvidia\d+$/.test(name)).length;
  const gpus = devices > 0 ? devices : entries("/proc/driver/nvidia/gpus").length;
  const visible = env["CUDA_VISIBLE_DEVICES"];
  return visible === undefined ? gpus : Math.min(gpus, visibleDevices(visible));
}

/** CUDA stops reading its list at the first entry that names no device. */
function visibleDevices(list: string): number {
  const entries = list.split(",").map((entry) => entry.trim());
  const end = entries.findIndex((entry) => entry === "" || entry.startsWith("-"));
  return end === -1 ? entries.length : end;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** The names in a folder; none where there is no such folder. */
export function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
