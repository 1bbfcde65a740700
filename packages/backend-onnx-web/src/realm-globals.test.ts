import { afterEach, expect, test, vi } from "vitest";
import { keepingWorker, withoutOpaqueLocation } from "./realm-globals.ts";

afterEach(() => vi.unstubAllGlobals());

const locationNow = (): unknown => (globalThis as { location?: unknown }).location;

test("a location without an origin is hidden while the library is imported, and only then", async () => {
  const opaque = { origin: "null" };
  vi.stubGlobal("location", opaque);
  expect(await withoutOpaqueLocation(async () => locationNow())).toBeUndefined();
  expect(locationNow()).toBe(opaque);
  await expect(withoutOpaqueLocation(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(locationNow()).toBe(opaque);
  const page = { origin: "https://shoal.example" };
  vi.stubGlobal("location", page);
  expect(await withoutOpaqueLocation(async () => locationNow())).toBe(page);
});

test("the realm keeps its Worker, or its lack of one", async () => {
  const realm = globalThis as { Worker?: unknown };
  const replace = async (): Promise<void> => void (realm.Worker = "another");
  vi.stubGlobal("Worker", "its own");
  await keepingWorker(replace);
  expect(realm.Worker).toBe("its own");
  vi.unstubAllGlobals();
  await keepingWorker(replace);
  expect("Worker" in globalThis).toBe(false);
});
