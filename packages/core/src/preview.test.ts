import { expect, test } from "vitest";
import { preview } from "./preview.ts";

test("whatever a row may hold is shown, in short", () => {
  expect(preview({ id: 5n, vector: new Float32Array(384), at: new Date(0), nested: [{ big: 2n ** 60n }] }, 160)).toBe('{"id":"5n","vector":"Float32Array(384)","at":"1970-01-01T00:00:00.000Z","nested":[{"big":"1152921504606846976n"}]}');
  expect(preview(7n)).toBe("7n");
  expect(preview(new Uint8Array(3))).toBe("Uint8Array(3)");
  expect(preview({ width: 4, height: 3, channels: 3, data: new Uint8Array(36) })).toBe("image 4×3×3");
  expect(preview("x".repeat(100), 10)).toBe(`"${"x".repeat(8)}…`);
  const self: { me?: unknown } = {};
  self.me = self;
  expect(preview(self)).toBe("[object Object]");
});
