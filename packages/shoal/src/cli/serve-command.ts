import { createHash } from "node:crypto";
import { hostname } from "node:os";
import { Command, InvalidArgumentError } from "commander";
import type { Logger } from "@shoal/core";
import type { Coordinator } from "@shoal/coordinator";
import { badFlag } from "./bad-flag.ts";
import { CalmNews } from "./calm-news.ts";
import { commandName } from "./command-name.ts";
import { coordinatorNews } from "./coordinator-news.ts";
import { coordinatorOptions, withCoordinatorFlags, type CoordinatorFlags } from "./coordinator-flags.ts";
import { withEngineFlags, type EngineFlags } from "./engine-flags.ts";
import { onInterrupt } from "./interrupt.ts";
import { keepLinks } from "./keep-links.ts";
import { letBuffersGather } from "./let-buffers-gather.ts";
import { linksText, type Links } from "./links-text.ts";
import { openSharedEngine } from "./open-shared-engine.ts";
import { wholeNumber } from "./run-flags.ts";

interface Flags extends CoordinatorFlags, EngineFlags {
  readonly folder: string;
  readonly name: string;
  readonly gateways?: readonly string[];
  readonly linkDays?: number;
  readonly links?: string;
  readonly json?: true;
  readonly quiet?: true;
}

function days(text: string): number {
  const value = wholeNumber(text);
  if (value < 1) throw new InvalidArgumentError("It must be at least 1: links of no days let nobody in.");
  return value;
}

export function serveCommand(): Command {
  const command = new Command("serve")
    .description("Run a coordinator: it takes jobs (shoal run --on) and spreads them over the machines and tabs that join (shoal work, or the link in a browser).")
    .option("--folder <path>", "where links, results and files are kept, so that a restart goes on; with --engine only port and certificate of this machine", ".shoal-coordinator");
  return withEngineFlags(withCoordinatorFlags(command))
    .option("--gateways <hosts>", "with --engine: where all coordinators of the engine are found, as in a:7070,b:7070; links for programs then name them all", hosts)
    .option("--link-days <n>", "how long links let people in (default: 30)", days)
    .option("--links <folder>", "write each link into a file of this folder too: work, submit, volunteer, dashboard")
    .option("--name <name>", "what people see it called", hostname())
    .option("-q, --quiet", "only the links, and what goes wrong")
    .option("--json", "the links, then what happens, as JSON lines on standard output")
    .action(serve);
}

async function serve(flags: Flags): Promise<void> {
  if (flags.folder.trim() === "") throw badFlag("--folder is empty.", "Name a folder, or leave it out: .shoal-coordinator is used then.");
  if (flags.gateways !== undefined && flags.engine === undefined) throw badFlag("--gateways has no effect without --engine.", "Coordinators that share no engine know nothing of each other.");
  letBuffersGather();
  const { isOnlyHere, qrCode, startCoordinator } = await import("@shoal/coordinator");
  const say = (line: string): void => void (flags.json ? writeJson({ kind: "notice", message: line }) : process.stderr.write(`${line}\n`));
  const log: Logger = { debug: () => {}, info: (message) => (flags.quiet ? undefined : say(message)), warn: (message) => say(`warning: ${message}`) };
  // From now on: whoever has read a link may already want the end.
  const asked = new Promise<void>((resolve) => {
    onInterrupt(() => {
      say(`Closing: what is done is kept, and workers ${flags.engine === undefined ? "wait for it to come back" : "go to another gateway with what they have"} (Ctrl-C again stops at once).`);
      resolve();
    });
  });
  const secret = proposedSecret(process.env["SHOAL_SECRET"]);
  const shared = await openSharedEngine(flags, process.env);
  let coordinator: Coordinator | undefined;
  try {
    coordinator = await startCoordinator({
      ...coordinatorOptions(flags), folder: flags.folder, name: flags.name, log, onNotice: say,
      ...(shared !== undefined && { engine: shared.engine, files: shared.store.files }),
      ...(flags.gateways !== undefined && { gateways: flags.gateways }),
      ...(secret !== undefined && { secret }),
      ...(flags.linkDays !== undefined && { linkMs: flags.linkDays * dayMs }),
    });
    const links: Links = {
      volunteer: await coordinator.link(["work"], { volunteer: true }),
      work: await coordinator.link(["work"]),
      submit: await coordinator.link(["submit"]),
      // Whoever sits here may also see the links there, and take them back.
      dashboard: await coordinator.link(["observe", "submit"], { page: "dashboard" }),
    };
    if (flags.links !== undefined) keepLinks(flags.links, links);
    if (flags.json) writeJson({ kind: "links", url: coordinator.url, links });
    else process.stdout.write(`Coordinator at ${coordinator.url} (${shared === undefined ? "" : `one of several, at the engine ${shared.servers}, with ${shared.store.where}; this machine's own `}kept in ${flags.folder})\n\n${linksText(links, { qrCode, isOnlyHere }, commandName())}`);
    if (!flags.quiet) for (const line of [...coordinator.advice, ...(shared === undefined ? [] : aboutGateways(flags, coordinator))]) say(`note: ${line}`);
    const stopWatching = flags.quiet ? () => {} : tellNews(coordinator, say);
    await Promise.race([asked, coordinator.gateway.ended]);
    stopWatching();
  } finally {
    await coordinator?.close();
    await shared?.close();
  }
}

/** Where this gateway is, and the others. */
function aboutGateways({ gateways = [], name }: Flags, { url, port }: Coordinator): string[] {
  const here = new URL(url).host;
  const others = gateways.filter((host) => host !== here);
  return [
    `This is the gateway ${name}:${port} at ${here}. ${others.length === 0
      ? "Links name it alone: what comes by them goes on elsewhere only behind one address for all gateways (--base-url), or when --gateways names the others."
      : `Others are expected at ${others.join(", ")}: machines and runs go on there when this one is away.`}`,
  ];
}

/** A line for each worker that comes or goes, unless they are many, and for each job. */
function tellNews({ gateway }: Coordinator, say: (line: string) => void): () => void {
  let before = gateway.snapshot();
  const calm = new CalmNews(performance.now());
  return gateway.watch(() => {
    const after = gateway.snapshot();
    for (const line of coordinatorNews(before, after, (was, is) => calm.lines(was, is, performance.now()))) say(line);
    before = after;
  });
}

const dayMs = 24 * 3600 * 1000;

/** 32 bytes of what the person has chosen. @throws `bad-option` */
function proposedSecret(text: string | undefined): Uint8Array | undefined {
  if (text === undefined || text === "") return undefined;
  if (text.length < 32) throw badFlag("SHOAL_SECRET is too short: whoever guesses it makes links of his own.", "Take 32 random characters or more, as of: openssl rand -base64 33.");
  return createHash("sha256").update(text).digest();
}

function hosts(text: string): readonly string[] {
  const list = text.split(",").map((host) => host.trim()).filter((host) => host !== "");
  if (list.length === 0 || list.some((host) => /@|:$/.test(host) || !URL.canParse(`http://${host}`) || new URL(`http://${host}`).pathname !== "/")) throw new InvalidArgumentError("It must be hosts with their ports, as in a:7070,b:7070.");
  return list;
}

function writeJson(event: object): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}
