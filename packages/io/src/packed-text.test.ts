import { columnFromValues, createBlock } from "@shoal/core";
import { expect, test } from "vitest";
import { packBlock, unpackBlock } from "./packed-text.ts";

test("a block that waited is what it was", () => {
  const texts = [["plain", "", null, "text"], ["schöne", "\uFEFFmark", "", null, "😀", "日本"], ["a\uD83D", "\uDE00b"], [], [null, null]];
  for (const values of texts) {
    const block = createBlock({ text: columnFromValues(values, { kind: "utf8" }), n: columnFromValues(values.map((_, at) => at)) });
    // What TextEncoder makes of half a pair.
    const wanted = values.map((text) => text && new TextDecoder("utf-8", { ignoreBOM: true }).decode(new TextEncoder().encode(text)));
    expect(unpackBlock(packBlock(block))).toEqual({ ...block, columns: { ...block.columns, text: { ...block.columns["text"], values: wanted } } });
  }
});
