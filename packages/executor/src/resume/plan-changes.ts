import { preview, type Json } from "@shoal/core";
import type { PlanIdentity, StepIdentity } from "./plan-identity.ts";

/** What differs between the run that was and the one that is to go on with it, one sentence each; empty where nothing that counts does. */
export function planChanges(before: PlanIdentity, now: PlanIdentity): string[] {
  return [...stepChanges(before.steps, now.steps), ...versionChanges(before.versions, now.versions)];
}

function stepChanges(before: readonly StepIdentity[], now: readonly StepIdentity[]): string[] {
  const alike = (a: StepIdentity | undefined, b: StepIdentity | undefined): boolean => a !== undefined && b !== undefined && a.kind === b.kind && partChanges(a, b).length === 0;
  if (before.length === now.length && before.every((step, at) => step.kind === now[at]?.kind)) {
    return before.flatMap((step, at) => partChanges(step, now[at] as StepIdentity).map((change) => `Step ${at + 1}, ${(now[at] as StepIdentity).name}: ${change}`));
  }
  let start = 0;
  while (start < before.length && alike(before[start], now[start])) start++;
  let end = 0;
  while (end < Math.min(before.length, now.length) - start && alike(before[before.length - 1 - end], now[now.length - 1 - end])) end++;
  return [
    ...before.slice(start, before.length - end).map((step, at) => `Step ${start + at + 1} was ${step.name}, which is gone or changed.`),
    ...now.slice(start, now.length - end).map((step, at) => `Step ${start + at + 1} is now ${step.name}.`),
  ];
}

/** Rows that were done while failing ones ended the run are those that any other policy would have given. */
function isNoChange(part: string, before: Json | undefined): boolean {
  return part === "onError" && (before === undefined || before === "fail");
}

function partChanges(before: StepIdentity, now: StepIdentity): string[] {
  const parts = new Set([...Object.keys(before.parts), ...Object.keys(now.parts)]);
  return [...parts].flatMap((part) => {
    const [was, is] = [before.parts[part], now.parts[part]];
    return JSON.stringify(sorted(was)) === JSON.stringify(sorted(is)) || isNoChange(part, was) ? [] : [sentence(part, was, is)];
  });
}

function sentence(part: string, was: Json | undefined, is: Json | undefined): string {
  if (part === "code") return isVersion(was) || isVersion(is) ? `it was ${codeName(was)} and is ${codeName(is)}.` : "its code has changed.";
  if (part === "files of the model") return "the files of its model have changed.";
  if (isObject(was) && isObject(is)) {
    const names = [...new Set([...Object.keys(was), ...Object.keys(is)])].filter((name) => JSON.stringify(sorted(was[name])) !== JSON.stringify(sorted(is[name])));
    return `${names.map((name) => `${part}.${name} was ${shown(was[name])} and is ${shown(is[name])}`).join("; ")}.`;
  }
  return `${part} was ${shown(was)} and is ${shown(is)}.`;
}

function isVersion(code: Json | undefined): boolean {
  return typeof code === "string" && code.startsWith("version ");
}

function codeName(code: Json | undefined): string {
  return isVersion(code) ? String(code) : "code without a version";
}

function shown(value: Json | undefined): string {
  return value === undefined ? "not set" : preview(value, 60);
}

function isObject(value: Json | undefined): value is { readonly [name: string]: Json | undefined } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The same object whatever the order of its keys. */
function sorted(value: Json | undefined): Json | undefined {
  if (Array.isArray(value)) return value.map((item) => sorted(item as Json) ?? null);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.keys(value).sort().map((name) => [name, sorted(value[name])]));
}

function versionChanges(before: Readonly<Record<string, string>>, now: Readonly<Record<string, string>>): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(now)])].flatMap((name) => (before[name] === now[name] ? [] : [`The library ${name} was ${before[name] ?? "not there"} and is ${now[name] ?? "not there"}.`]));
}
