import { randomUUID } from "node:crypto";
import { cp, mkdir, rename, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { pageFolder } from "@shoal/volunteer";
import { buildVolunteerPage } from "../runtimes/build-volunteer-page.ts";

const place = fileURLToPath(pageFolder);

/** Builds the page to where a coordinator looks for it. Another test may be using the one that is there: what is the same stays, and the page itself comes last. */
export async function placeVolunteerPage(): Promise<void> {
  const folder = await buildVolunteerPage();
  try {
    await mkdir(place, { recursive: true });
    // Named by their content.
    await cp(`${folder}/assets`, `${place}assets`, { recursive: true, force: false });
    for (const file of ["program-size.json", "index.html"]) {
      const aside = `${place}${file}.${randomUUID()}`;
      await cp(`${folder}/${file}`, aside);
      await rename(aside, `${place}${file}`);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
