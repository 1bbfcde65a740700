import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ShoalError } from "@shoal/core";

/** Links into a coordinator; those that were not asked for are left out. */
export interface Links {
  /** Lends a machine. */
  readonly work?: string;
  /** Lends a tab or phone of anybody. */
  readonly volunteer?: string;
  /** Brings jobs. */
  readonly submit?: string;
  readonly dashboard?: string;
}

/**
 * What a person does with each link, and the one for phones as a QR code, where a phone can open it.
 * @param shoal how this command is called, as in `npx shoal`
 */
export function linksText({ volunteer, work, submit, dashboard }: Links, qrCode: (link: string) => string, shoal: string): string {
  const lines = [
    ...(volunteer === undefined ? [] : [`Lend a tab or a phone   ${volunteer}`]),
    ...(work === undefined ? [] : [`Lend a machine          ${shoal} work "${work}"`]),
    ...(submit === undefined ? [] : [`Bring a job             ${shoal} run job.ts --on "${submit}"`]),
    ...(dashboard === undefined ? [] : [`${volunteer ?? work ?? submit ? "Watch, and see links" : "Watch               "}    ${dashboard}`]),
    ...(dashboard === undefined || (volunteer ?? work ?? submit) === undefined ? [] : ["                        It lets in to everything: keep it to yourself."]),
  ];
  return `${lines.join("\n")}\n${volunteer === undefined || isOnlyHere(new URL(volunteer).hostname) ? "" : `\n${qrCode(volunteer)}\n`}`;
}

/** Other machines would look for it in themselves. */
function isOnlyHere(host: string): boolean {
  return host === "localhost" || host === "[::1]" || host.startsWith("127.");
}

/** Each as a file that only this user reads, for scripts and other containers. @throws what the file system says */
export function keepLinks(folder: string, links: Links): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const [name, link] of Object.entries(links)) {
      const path = join(folder, name);
      writeFileSync(path, `${link}\n`, { mode: 0o600 });
      chmodSync(path, 0o600);
    }
  } catch (error) {
    throw ShoalError.from(error);
  }
}
