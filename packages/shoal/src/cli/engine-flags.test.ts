import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { natsSettings, parseServers, type EngineFlags } from "./engine-flags.ts";
import { checkEngineFlags } from "./open-shared-engine.ts";

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
  expect(natsSettings({ engine: "nats://a, b:4223,c/" }, {})).toEqual({ servers: ["a:4222", "b:4223", "c:4222"] });
  expect(natsSettings({ engine: "tls://[::1]:1,tls://b", engineCa: pem(), engineCert: pem(), engineKey: pem(), replicas: 5, prefix: "night", engineUnsafe: true }, { SHOAL_ENGINE_USER: "u", SHOAL_ENGINE_PASSWORD: "p" })).toEqual({
    servers: ["[::1]:1", "b:4222"], user: "u", password: "p", tls: { ca: "a certificate", cert: "a certificate", key: "a certificate" }, replicas: 5, prefix: "night", unsafe: true,
  });
  expect(natsSettings({ engine: secure }, { SHOAL_ENGINE_CREDS: pem() })).toEqual({ servers: ["a:4222"], credentials: "a certificate", tls: {} });
  // Of two in the environment the one that is told first counts.
  expect(natsSettings({ engine }, { SHOAL_ENGINE_USER: "u", SHOAL_ENGINE_PASSWORD: "p", SHOAL_ENGINE_CREDS: "absent" })).not.toHaveProperty("credentials");
});

test.each<[EngineFlags, RegExp, Record<string, string>?]>([
  [{ engine: "nats://u:p@a" }, /everybody on this machine could read[^]*SHOAL_ENGINE_PASSWORD/],
  [{ engine: "a,b" }, /names no engine[^]*nats:\/\/a,b,c/],
  [{ engine: "http://a" }, /names no engine/],
  [{ engine: "nats://" }, /names no engine/],
  [{ engine: "nats://a/x" }, /names no engine/],
  [{ engine: "nats://a:" }, /"nats:\/\/a:" names no engine/],
  [{ engine: "nats://a:0" }, /names no engine/],
  [{ engine: "nats://a:70000" }, /names no engine/],
  [{ engine: "nats://a,b," }, /names no engine/],
  [{ engine: "nats://::1" }, /names no engine/],
  [{ engine, engineCa: "x" }, /--engine-ca has no effect with nats:\/\/[^]*tls:\/\//],
  [{ engine: secure, engineCa: "absent.pem" }, /--engine-ca can't be read/],
  [{ engine: secure, engineCert: "x" }, /--engine-cert is given without --engine-key/],
  [{ engine, replicas: 2 }, /--replicas is 2[^]*1, 3 or 5/],
  [{ engine, prefix: "a.b" }, /--prefix "a\.b"/],
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

test("ports are those of NATS unless said", () => {
  expect(parseServers("nats://[fe80::1]")).toEqual({ servers: ["[fe80::1]:4222"], tls: false });
});
