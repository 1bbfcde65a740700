import type { ColumnType } from "@shoal/core";
import { expect, test } from "vitest";
import { AnswerTypes, kindsOf } from "./answer-types.ts";

const text = new Map([["label", "utf8"]]);
const number = new Map([["label", "float64"]]);
const stranger = (name: string) => ({ name, isStranger: true });
const machine = (name: string) => ({ name, isStranger: false });
const nobody = (): boolean => false;
const somebody = (): boolean => true;
const fault = { verdict: "fault", fault: 'Column "label" is of type float64, and in other results of type utf8.' };
const fits = { verdict: "fits" };

test("kinds say what values are, and not how many; nothing but missing values say nothing", () => {
  const tensor: ColumnType = { kind: "tensor", element: "float32", shape: [2] };
  expect([...kindsOf({ a: tensor, b: { kind: "list", element: "float32" }, c: { kind: "utf8" }, d: { kind: "null" } })]).toEqual([["a", "list of float32"], ["b", "list of float32"], ["c", "utf8"]]);
});

test("a machine that is trusted says by its first answer what columns are", () => {
  const types = new AnswerTypes();
  expect(types.judge(number, stranger("a"), somebody)).toEqual(fits);
  expect([types.areVouched, types.knows("own")]).toEqual([false, false]);
  expect(types.judge(text, machine("own"), somebody)).toEqual(fits);
  expect([types.areVouched, types.knows("own"), types.knows("a"), [...types.usual]]).toEqual([true, true, false, [["label", "utf8"]]]);
  for (const who of [stranger("a"), machine("own"), machine("other")]) expect(types.judge(number, who, somebody)).toEqual(fault);
});

test("what strangers answer says nothing until it stands in the ledger, and then two of them do that agree", () => {
  const types = new AnswerTypes();
  for (const name of ["a", "b", "c"]) expect(types.judge(number, stranger(name), nobody)).toEqual(fits);
  types.committed(text, stranger("a"));
  types.committed(text, stranger("a"));
  expect(types.judge(number, stranger("c"), nobody)).toEqual(fits);
  types.committed(text, stranger("b"));
  expect(types.judge(number, stranger("c"), nobody)).toEqual(fault);
});

test("a machine's word is given up where it has nothing in the ledger and can't do the block", () => {
  const types = new AnswerTypes();
  types.judge(text, machine("gone"), nobody);
  const asked: string[][] = [];
  expect(types.judge(number, machine("here"), (names) => asked.push([...names]) > 1)).toEqual(fits);
  expect(asked).toEqual([["gone"]]);
  expect([...types.usual]).toEqual([["label", "float64"]]);
});

test("where it has, nothing can go on", () => {
  const types = new AnswerTypes();
  types.judge(text, machine("gone"), nobody);
  types.committed(text, machine("gone"));
  expect(types.judge(number, machine("here"), somebody)).toEqual(fault);
  expect(types.judge(number, machine("here"), nobody)).toEqual({ verdict: "differ", differ: { column: "label", kind: "float64", usual: "utf8", says: "gone" } });
  // One that says otherwise than itself is wrong either way.
  expect(types.judge(number, machine("gone"), nobody)).toEqual(fault);
});

test("what strangers have spoilt a machine finds out", () => {
  const types = new AnswerTypes();
  types.committed(number, stranger("a"));
  expect(types.judge(text, machine("own"), nobody)).toMatchObject({ verdict: "differ", differ: { says: "a" } });
  types.committed(number, stranger("b"));
  expect(types.judge(text, machine("own"), nobody)).toMatchObject({ verdict: "differ" });
});
