import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join, posix, relative, resolve } from "node:path";
import { manifest, publicPackages, workspace } from "./workspace.ts";

/** The tour, which stands at the root of the repository, as the package `shoal` has it. */
const tour = "TOUR.md";

/**
 * The pages of the packages as they are packed: by their path below `node_modules`. Links that lead to another page lead there too; what
 * is not packed (examples, tests, sources) is named and not linked.
 */
export async function packedPages(): Promise<ReadonlyMap<string, string>> {
  const places = await placesOfPages();
  const pages = await Promise.all([...places].map(async ([page, place]) => [place, withPackedLinks(await readFile(page, "utf8"), page, place, places)] as const));
  return new Map(pages);
}

/** Each page's path in the repository, and where it lies below `node_modules`. */
async function placesOfPages(): Promise<ReadonlyMap<string, string>> {
  const places = new Map([[join(workspace, "README.md"), `shoal/${tour}`]]);
  for (const folder of await publicPackages()) {
    const { name } = await manifest(join(workspace, folder));
    for (const page of await readdir(join(workspace, folder))) {
      if (page.endsWith(".md")) places.set(join(workspace, folder, page), `${name as string}/${page}`);
    }
  }
  return places;
}

function withPackedLinks(text: string, page: string, place: string, places: ReadonlyMap<string, string>): string {
  return text.replaceAll(/(!?)\[((?:[^[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)/g, (link, image: string, words: string, target: string) => {
    if (/^(\w+:|#)/.test(target)) return link;
    const [path = "", anchor] = target.split("#");
    const found = resolve(dirname(page), path);
    const to = places.get(existsSync(join(found, "README.md")) ? join(found, "README.md") : found);
    if (to !== undefined) return `[${words}](${posix.relative(posix.dirname(place), to)}${anchor === undefined ? "" : `#${anchor}`})`;
    if (image !== "") return "";
    const inRepository = relative(workspace, found);
    return words === inRepository ? `\`${words}\`` : `${words} (\`${inRepository}\` in the repository)`;
  });
}
