import { readFileSync } from "node:fs";
import type { Command } from "commander";
import type { NatsEngineOptions } from "@shoal/engine-nats";
import { ShoalError } from "@shoal/core";
import { badFlag } from "./bad-flag.ts";
import { flagName } from "./flag-name.ts";
import { wholeNumber } from "./run-flags.ts";

/** Which engine, and how it is reached: of `shoal serve` and `shoal doctor`. */
export interface EngineFlags {
  readonly engine?: string;
  readonly store?: string;
  readonly engineCreds?: string;
  readonly engineCa?: string;
  readonly engineCert?: string;
  readonly engineKey?: string;
  readonly replicas?: number;
  readonly prefix?: string;
  readonly engineUnsafe?: true;
}

export function withEngineFlags(command: Command): Command {
  return command
    .option("--engine <servers>", "the engine that several coordinators share, as in nats://a,b,c (tls://a,b,c with TLS); user and password from SHOAL_ENGINE_USER and SHOAL_ENGINE_PASSWORD")
    .option("--store <place>", "with --engine: where all of them keep rows, results, models and code: a folder that every machine sees, or s3://bucket/prefix")
    .option("--engine-creds <file>", "with --engine: a credentials file, instead of user and password (default: SHOAL_ENGINE_CREDS)")
    .option("--engine-ca <file>", "with --engine: certificates that its servers' are signed with, in PEM form (default: those that the system knows)")
    .option("--engine-cert <file>", "with --engine: a certificate to show to the servers, in PEM form")
    .option("--engine-key <file>", "with --engine: its key, in PEM form")
    .option("--replicas <n>", "with --engine: on how many servers each ledger is kept (default: 3; where one server is all there is: 1)", wholeNumber)
    .option("--prefix <name>", "with --engine: what its streams are called first; coordinators with the same one belong together (default: shoal)")
    .option("--engine-unsafe", "with --engine: take servers that may lose what they confirmed, such as too old ones");
}

/** How the engine is reached, and what it is to keep. The engine itself says what is wrong with its servers and its prefix. */
export type NatsSettings = Pick<NatsEngineOptions, "user" | "password" | "credentials" | "tls" | "replicas" | "prefix" | "unsafe"> & { readonly servers: string };

/** @throws `bad-option` for flags that contradict one another, and files that can't be read */
export function natsSettings(flags: EngineFlags, environment: NodeJS.ProcessEnv): NatsSettings {
  const { engine: servers = "", engineCa: ca, engineCert: cert, engineKey: key, replicas, prefix, engineUnsafe } = flags;
  const [user, password, creds] = [environment["SHOAL_ENGINE_USER"], environment["SHOAL_ENGINE_PASSWORD"], flags.engineCreds ?? environment["SHOAL_ENGINE_CREDS"]];
  if (servers.includes("@")) throw badFlag("--engine holds a password, which everybody on this machine could read.", "Set SHOAL_ENGINE_USER and SHOAL_ENGINE_PASSWORD in the environment, or give --engine-creds.");
  if ((user === undefined) !== (password === undefined)) throw badFlag(`SHOAL_ENGINE_${user === undefined ? "PASSWORD" : "USER"} is set without SHOAL_ENGINE_${user === undefined ? "USER" : "PASSWORD"}.`, "Set both, or give --engine-creds.");
  if (user !== undefined && flags.engineCreds !== undefined) throw badFlag("--engine-creds and SHOAL_ENGINE_USER contradict each other.", "Leave one of them out.");
  if ((cert === undefined) !== (key === undefined)) throw badFlag(`--engine-${cert === undefined ? "key" : "cert"} is given without --engine-${cert === undefined ? "cert" : "key"}.`, "Give both files.");
  if (!servers.includes("tls://") && (ca ?? cert) !== undefined) throw badFlag(`--engine-${ca === undefined ? "cert" : "ca"} has no effect without tls://.`, "Say tls:// instead of nats://: the connection is then encrypted.");
  if (replicas !== undefined && ![1, 3, 5].includes(replicas)) throw badFlag(`--replicas is ${replicas}: a ledger is kept on 1, 3 or 5 servers.`, "Three servers survive the loss of one of them, five of two.");
  return {
    servers,
    ...(user !== undefined && password !== undefined && { user, password }),
    ...(user === undefined && creds !== undefined && { credentials: read("--engine-creds", creds) }),
    ...((ca ?? cert) !== undefined && {
      tls: {
        ...(ca !== undefined && { ca: read("--engine-ca", ca) }),
        ...(cert !== undefined && key !== undefined && { cert: read("--engine-cert", cert), key: read("--engine-key", key) }),
      },
    }),
    ...(replicas !== undefined && { replicas }),
    ...(prefix !== undefined && { prefix }),
    ...(engineUnsafe && { unsafe: true }),
  };
}

const companions = ["store", "engineCreds", "engineCa", "engineCert", "engineKey", "replicas", "prefix", "engineUnsafe", "engineMonitors", "engineLook"] as const;

/** @throws `bad-option` */
export function checkEngineFlags(flags: EngineFlags & { readonly engineMonitors?: readonly string[]; readonly engineLook?: true }): void {
  const lonely = flags.engine === undefined ? companions.find((name) => flags[name] !== undefined) : undefined;
  if (lonely === undefined) return;
  throw badFlag(`${flagName(lonely)} has no effect without --engine.`, "Name the servers, as in --engine nats://a,b,c; or leave it out.");
}

function read(flag: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new ShoalError("bad-option", `The file of ${flag} can't be read: ${(cause as Error).message}`, { hint: "Check the path, and that this user may read it.", failure: "bug", cause });
  }
}
