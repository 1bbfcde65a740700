import { hostname } from "node:os";
import { Command } from "commander";
import { ShoalError, type Logger } from "@shoal/core";
import type { Coordinator } from "@shoal/coordinator";
import { CalmNews } from "./calm-news.ts";
import { coordinatorNews } from "./coordinator-news.ts";
import { coordinatorOptions, withCoordinatorFlags, type CoordinatorFlags } from "./coordinator-flags.ts";
import { exitCodes } from "./exit-codes.ts";
import { linksText, type Links } from "./links-text.ts";

interface Flags extends CoordinatorFlags {
  readonly folder: string;
  readonly name: string;
  readonly json?: true;
  readonly quiet?: true;
}

export function serveCommand(): Command {
  const command = new Command("serve")
    .description("Run a coordinator: it takes jobs (shoal run --on) and spreads them over the machines and tabs that join (shoal work, or the link in a browser).")
    .option("--folder <path>", "where links, results and files are kept, so that a restart goes on", ".shoal-coordinator");
  return withCoordinatorFlags(command)
    .option("--name <name>", "what people see it called", hostname())
    .option("-q, --quiet", "only the links, and what goes wrong")
    .option("--json", "the links, then what happens, as JSON lines on standard output")
    .action(serve);
}

async function serve(flags: Flags): Promise<void> {
  if (flags.folder.trim() === "") throw new ShoalError("bad-option", "--folder is empty.", { hint: "Name a folder, or leave it out: .shoal-coordinator is used then.", failure: "bug" });
  const { startCoordinator, qrCode } = await import("@shoal/coordinator");
  const say = (line: string): void => void (flags.json ? writeJson({ kind: "notice", message: line }) : process.stderr.write(`${line}\n`));
  const log: Logger = { debug: () => {}, info: (message) => (flags.quiet ? undefined : say(message)), warn: (message) => say(`warning: ${message}`) };
  // From now on: whoever has read a link may already want the end.
  const asked = untilAsked(say);
  const coordinator = await startCoordinator({ ...coordinatorOptions(flags), folder: flags.folder, name: flags.name, log, onNotice: say });
  const links: Links = {
    volunteer: await coordinator.link(["work"], { volunteer: true }),
    work: await coordinator.link(["work"]),
    submit: await coordinator.link(["submit"]),
    // Whoever sits here may also see the links there, and take them back.
    dashboard: await coordinator.link(["observe", "submit"], { page: "dashboard" }),
  };
  if (flags.json) writeJson({ kind: "links", url: coordinator.url, links });
  else process.stdout.write(`Coordinator at ${coordinator.url} (kept in ${flags.folder})\n\n${linksText(links, qrCode)}`);
  for (const line of coordinator.advice) say(`note: ${line}`);
  const stopWatching = flags.quiet ? () => {} : tellNews(coordinator, say);
  await asked;
  stopWatching();
  await coordinator.close();
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

/** Ctrl-C once lets workers finish what they run; twice ends the process. */
function untilAsked(say: (line: string) => void): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    const ask = (): void => {
      if (asked) process.exit(exitCodes.interrupted);
      asked = true;
      say("Closing: what is done is kept, and workers wait for it to come back (Ctrl-C again stops at once).");
      resolve();
    };
    process.on("SIGINT", ask).on("SIGTERM", ask).on("SIGHUP", ask);
  });
}

function writeJson(event: object): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}
