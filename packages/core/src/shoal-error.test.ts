import { expect, test } from "vitest";
import { ShoalError } from "./shoal-error.ts";

test("crosses a border with everything that stands behind it", () => {
  const error = new ShoalError("too-odd", "Seven is odd.", {
    failure: "row", hint: "Give it eight.", details: { value: 7 }, cause: new TypeError("seven", { cause: new RangeError("prime") }),
  });
  const copy = ShoalError.fromData(JSON.parse(JSON.stringify(error.toData())));
  expect(copy).toMatchObject({ message: error.message, code: "too-odd", failure: "row", hint: "Give it eight.", details: { value: 7 }, stack: error.stack });
  expect(copy.cause).toMatchObject({ message: "seven", cause: { message: "prime" } });
});

test("tells a plain error once, with its own cause", () => {
  const data = ShoalError.from(Object.assign(new Error("out of memory", { cause: "too much" }), { code: "ERR_NATIVE" })).toData();
  expect(data).toMatchObject({ code: "ERR_NATIVE", message: "out of memory", cause: { message: "too much" } });
  expect(ShoalError.from("only words").toData()).toMatchObject({ code: "unexpected", message: "only words" });
  expect(ShoalError.from("only words").toData().cause).toBeUndefined();
});

test("causes that go in circles end", () => {
  const first = new Error("hen");
  first.cause = new Error("egg", { cause: first });
  expect(ShoalError.from(first).toData().cause?.cause?.message).toBe("hen");
});
