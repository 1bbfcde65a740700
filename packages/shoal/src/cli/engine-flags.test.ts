import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkEngineFlags, natsSettings, type EngineFlags } from "./engine-flags.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "shoal-flags-"));
  writeFileSync(join(folder, "pem"), "a certificate");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const engine = "nats://a";
const secure = "tls://a";
const pem = (): string => join(folder, "pem");

test("flags and environment become what the engine takes", () => {
  expect(natsSettings({ engine: "nats://a, b:4223,c/" }, {})).toEqual({ servers: "nats://a, b:4223,c/" });
  expect(natsSettings({ engine: "tls://[::1]:1,tls://b", engineCa: pem(), engineCert: pem(), engineKey: pem(), replicas: 5, prefix: "night", engineUnsafe: true }, { SHOAL_ENGINE_USER: "u", SHOAL_ENGINE_PASSWORD: "p" })).toEqual({
    servers: "tls://[::1]:1,tls://b", user: "u", password: "p", tls: { ca: "a certificate", cert: "a certificate", key: "a certificate" }, replicas: 5, prefix: "night", unsafe: true,
  });
  expect(natsSettings({ engine: secure }, { SHOAL_ENGINE_CREDS: pem() })).toEqual({ servers: secure, credentials: "a certificate" });
  // Of two in the environment the one that is told first counts.
  expect(natsSettings({ engine }, { SHOAL_ENGINE_USER: "u", SHOAL_ENGINE_PASSWORD: "p", SHOAL_ENGINE_CREDS: "absent" })).not.toHaveProperty("credentials");
});

test.each<[EngineFlags, RegExp, Record<string, string>?]>([
  [{ engine: "nats://u:p@a" }, /everybody on this machine could read[^]*SHOAL_ENGINE_PASSWORD/],
  [{ engine, engineCa: "x" }, /--engine-ca has no effect without tls:\/\/[^]*tls:\/\//],
  [{ engine: secure, engineCa: "absent.pem" }, /--engine-ca can't be read/],
  [{ engine: secure, engineCert: "x" }, /--engine-cert is given without --engine-key/],
  [{ engine, replicas: 2 }, /--replicas is 2[^]*1, 3 or 5/],
  [{ engine }, /SHOAL_ENGINE_PASSWORD is set without SHOAL_ENGINE_USER/, { SHOAL_ENGINE_PASSWORD: "x" }],
  [{ engine, engineCreds: "x" }, /contradict/, { SHOAL_ENGINE_USER: "u", SHOAL_ENGINE_PASSWORD: "p" }],
])("%j is refused", (flags, words, environment = {}) => {
  expect(() => natsSettings(flags, environment)).toThrow(expect.objectContaining({ code: "bad-option", message: expect.stringMatching(words) as string }) as Error);
});

test("what goes with an engine is refused without one", () => {
  expect(() => checkEngineFlags({ engineCreds: "c" })).toThrow(/--engine-creds has no effect without --engine/);
  expect(() => checkEngineFlags({ store: "s" })).toThrow(/--store has no effect without --engine/);
  checkEngineFlags({});
  checkEngineFlags({ engine, store: "s", engineUnsafe: true });
});
