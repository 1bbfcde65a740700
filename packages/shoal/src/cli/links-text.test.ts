import { expect, test } from "vitest";
import { isOnlyHere } from "@shoal/coordinator";
import { linksText } from "./links-text.ts";

const tools = { qrCode: () => "a code", isOnlyHere };

test("a QR code is there for a link that a phone can open, and for no other", () => {
  const text = (volunteer: string): string => linksText({ volunteer }, tools, "shoal");
  expect(text("https://192.168.1.7:7171/#t")).toBe("Lend a tab or a phone   https://192.168.1.7:7171/#t\n\na code\n");
  expect(text("https://shoal.example/here/#t")).toContain("a code");
  for (const here of ["http://127.0.0.1:7171/#t", "http://localhost:7171/#t", "http://[::1]:7171/#t"]) expect(text(here)).toBe(`Lend a tab or a phone   ${here}\n`);
  expect(linksText({ work: "http://192.168.1.7:7171/#t" }, tools, "shoal")).not.toContain("a code");
});

test("beside the dashboard's link stands that it is not for everybody, where it makes links too", () => {
  const dashboard = "http://127.0.0.1:7171/dashboard/#t";
  expect(linksText({ dashboard }, tools, "shoal")).toBe(`Watch                   ${dashboard}\n`);
  expect(linksText({ work: "http://127.0.0.1:7171/#w", dashboard }, tools, "shoal")).toBe(`Lend a machine          shoal work "http://127.0.0.1:7171/#w"
Watch, and see links    ${dashboard}
                        It lets in to everything: keep it to yourself.
`);
});
