import { expect, test } from "vitest";
import { VainSending } from "./vain-sending.ts";

const told = (vain: VainSending, looks: number, missing = 2, arrived = 100): number[] => Array.from({ length: looks }, (_, at) => at + 1).filter(() => vain.look(missing, arrived) !== undefined);

test("connections that brought nothing further are told of after five, and then at twice as many", () => {
  const vain = new VainSending();
  expect(vain.look(2, 100)).toBeUndefined();
  expect(told(vain, 25)).toEqual([5, 10, 20]);
});

test("what gets further, slowly, is not in vain", () => {
  const vain = new VainSending();
  for (let at = 0; at < 20; at++) expect(vain.look(2, at)).toBeUndefined();
  expect(vain.look(1, 0)).toBeUndefined();
  expect(told(vain, 6, 1, 0)).toEqual([5]);
  expect(told(vain, 20, 0, 0)).toEqual([]);
});

test("the sentence says how many files and connections", () => {
  const vain = new VainSending();
  let said: string | undefined;
  for (let at = 0; at < 6; at++) said = vain.look(1, 0);
  expect(said).toMatch(/^1 file has still to be sent, and the last 5 connections were lost/);
});

test("of a gateway that does not say what has arrived nothing is said", () => {
  const vain = new VainSending();
  for (let at = 0; at < 20; at++) expect(vain.look(2, undefined)).toBeUndefined();
  expect(vain.look(2, 100)).toBeUndefined();
  expect(told(vain, 6)).toEqual([5]);
});
