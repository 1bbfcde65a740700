import { posix } from "node:path";
import { expect, test } from "vitest";
import { anchorsOf } from "./anchors.ts";
import { packedPages } from "./packed-pages.ts";

const pages = await packedPages();

test("the pages are there", () => {
  expect([...pages.keys()]).toEqual(expect.arrayContaining(["shoal/README.md", "shoal/TOUR.md", "shoal/ERRORS.md", "@shoal/io/README.md"]));
});

test.each([...pages])("every link in %s leads somewhere once it is installed", (place, text) => {
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link as string).filter((link) => !/^\w+:/.test(link));
  const broken = links.filter((link) => {
    const [path = "", anchor] = link.split("#");
    const target = pages.get(path === "" ? place : posix.join(posix.dirname(place), path));
    return target === undefined || (anchor !== undefined && !anchorsOf(target).has(anchor));
  });
  expect(broken).toEqual([]);
});
