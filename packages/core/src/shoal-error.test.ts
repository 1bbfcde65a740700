import { expect, test } from "vitest";
import { failureClass, ShoalError } from "./shoal-error.ts";

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

test.each<readonly [string, () => unknown]>([
  ["an error whose message throws", () => Object.defineProperty(new Error("x"), "message", { get: () => { throw new Error("again"); } })],
  ["an error whose code throws", () => Object.defineProperty(new Error("x"), "code", { get: () => { throw new Error("again"); } })],
  ["a proxy that throws at every question", () => new Proxy({}, { get: refuse, has: refuse, getPrototypeOf: refuse })],
  ["an object without words", () => Object.create(null) as unknown],
])("reads %s as something that can't be read", (_, make) => {
  const error = ShoalError.from(make(), "predictor-failed");
  expect([error.code, error.toData().message, failureClass(make())]).toEqual(["predictor-failed", expect.stringContaining("can't be read"), "row"]);
  expect(new ShoalError("a", "b", { cause: make() }).toData()).toMatchObject({ code: "a", cause: { message: expect.stringContaining("can't be read") as string } });
});

test("leaves out a cause that can't be asked for", () => {
  const error = Object.defineProperty(new Error("hen"), "cause", { get: refuse });
  expect(ShoalError.from(error).toData()).toMatchObject({ message: "hen" });
  expect(new ShoalError("a", "b", { cause: error }).toData()).toMatchObject({ cause: { message: "hen" } });
});

function refuse(): never {
  throw new Error("again");
}

test("data for others holds no stack, be it that of a cause", () => {
  const error = new ShoalError("outer", "Outer.", { hint: "Do it.", details: { at: 1 }, cause: new ShoalError("middle", "Middle.", { cause: new Error("inner") }) });
  expect(error.toPublicData()).toEqual({ code: "outer", message: "Outer.", hint: "Do it.", details: { at: 1 }, cause: { code: "middle", message: "Middle.", cause: { code: "unexpected", message: "inner" } } });
});
