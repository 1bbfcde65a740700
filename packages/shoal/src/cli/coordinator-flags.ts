import { InvalidArgumentError, type Command } from "commander";
import type { CoordinatorOptions } from "@shoal/coordinator";
import { badFlag } from "./bad-flag.ts";

/** How a coordinator listens: of `shoal serve`, and of a run with `--share`. */
export interface CoordinatorFlags {
  readonly host?: string;
  readonly port?: number;
  readonly https?: true;
  readonly cert?: string;
  readonly key?: string;
  readonly baseUrl?: string;
}

export function withCoordinatorFlags(command: Command, forWhat = ""): Command {
  return command
    .option("--host <address>", `${forWhat}address to listen on: 0.0.0.0 lets your network in (default 127.0.0.1: this machine only)`)
    .option("--port <port>", `${forWhat}port to listen on (default: the one it had before, otherwise any that is free)`, port)
    .option("--https", `${forWhat}with a certificate made here, so that tabs in your network may use their GPU; browsers warn once`)
    .option("--cert <file>", `${forWhat}a certificate of your own for https, in PEM form`)
    .option("--key <file>", `${forWhat}its key, in PEM form`)
    .option("--base-url <url>", `${forWhat}where the world finds it, with a proxy or tunnel in front: https://example.org/shoal/`);
}

/** @throws `bad-option` for flags that contradict one another. */
export function coordinatorOptions({ host, port: wanted, https, cert, key, baseUrl }: CoordinatorFlags): CoordinatorOptions {
  if ((cert === undefined) !== (key === undefined)) {
    throw badFlag(`--${cert === undefined ? "key" : "cert"} is given without --${cert === undefined ? "cert" : "key"}.`, "Give both files, or --https alone: a certificate is then made here.");
  }
  return {
    ...(host !== undefined && { host }),
    ...(wanted !== undefined && { port: wanted }),
    ...(cert !== undefined && key !== undefined ? { https: { cert, key } } : https && { https }),
    ...(baseUrl !== undefined && { baseUrl }),
  };
}

function port(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > 65_535) throw new InvalidArgumentError("It must be a port: a whole number up to 65535.");
  return value;
}
