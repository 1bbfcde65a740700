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

/** Of the coordinator, whose libraries are for those who need them. */
interface LinkTools {
  readonly qrCode: (link: string) => string;
  /** A phone can't open what is. */
  readonly isOnlyHere: (host: string) => boolean;
}

/**
 * What a person does with each link, and the one for phones as a QR code, where a phone can open it.
 * @param shoal how this command is called, as in `npx shoal`
 */
export function linksText({ volunteer, work, submit, dashboard }: Links, { qrCode, isOnlyHere }: LinkTools, shoal: string): string {
  const lines = [
    ...(volunteer === undefined ? [] : [`Lend a tab or a phone   ${volunteer}`]),
    ...(work === undefined ? [] : [`Lend a machine          ${shoal} work "${work}"`]),
    ...(submit === undefined ? [] : [`Bring a job             ${shoal} run job.ts --on "${submit}"`]),
    ...(dashboard === undefined ? [] : [`${volunteer ?? work ?? submit ? "Watch, and see links" : "Watch               "}    ${dashboard}`]),
    ...(dashboard === undefined || (volunteer ?? work ?? submit) === undefined ? [] : ["                        It lets in to everything: keep it to yourself."]),
  ];
  return `${lines.join("\n")}\n${volunteer === undefined || isOnlyHere(new URL(volunteer).hostname) ? "" : `\n${qrCode(volunteer)}\n`}`;
}
