import { expect, test } from "vitest";
import { elementsIn, escaped, textIn } from "./xml.ts";

test("elements by name, whatever stands around them", () => {
  const xml = `<?xml version="1.0"?><List xmlns="http://s3"><Contents><Key>a&amp;b</Key><Size>3</Size></Contents>\n<Contents><Key>&lt;c&#x3e;&#33;</Key></Contents><KeyCount>2</KeyCount></List>`;
  expect(elementsIn(xml, "Contents").map((each) => textIn(each, "Key"))).toEqual(["a&b", "<c>!"]);
  expect([textIn(xml, "KeyCount"), textIn(xml, "Code"), textIn("", "Code")]).toEqual(["2", undefined, undefined]);
});

test("numbers of letters that are none do no harm", () => {
  expect(textIn("<Code>a&#x110000000;&#99999999;</Code>", "Code")).toBe("a\ufffd\ufffd");
});

test("what is written is read again", () => {
  const text = `"<&>" 'quoted'`;
  expect(textIn(`<ETag>${escaped(text)}</ETag>`, "ETag")).toBe(text);
});
