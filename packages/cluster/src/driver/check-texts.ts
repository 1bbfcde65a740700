import { ShoalError } from "@shoal/core";
import { longestText } from "../connection/schemas/parts.ts";
import type { JobSettings } from "./cluster.ts";

/** A coordinator would close the connection of whoever calls a job so. @throws `bad-option` */
export function checkTexts({ name, note = "" }: Pick<JobSettings, "name" | "note">): void {
  check("name", name, longestText.title);
  check("note", note, longestText.words);
}

function check(option: string, text: string, most: number): void {
  if (text.length <= most) return;
  throw new ShoalError("bad-option", `The ${option} of the job has ${text.length.toLocaleString("en-US")} characters; a coordinator takes ${most.toLocaleString("en-US")} at most.`, { hint: `Give a shorter ${option}.`, failure: "bug" });
}
