import { ShoalError } from "@shoal/core";
import { expect, test } from "vitest";
import { checkedPrefix, parseServers } from "./nats-options.ts";

test("servers are written in one word or as a list", () => {
  expect(parseServers("nats://a,b:4333,c")).toEqual({ hosts: ["a", "b:4333", "c"], isTls: false });
  expect(parseServers("nats://a:1,nats://b:2/")).toEqual({ hosts: ["a:1", "b:2"], isTls: false });
  expect(parseServers(["tls://a", "b"])).toEqual({ hosts: ["a", "b"], isTls: true });
  expect(parseServers("nats://a,tls://b:65535,")).toEqual({ hosts: ["a", "b:65535"], isTls: true });
  expect(parseServers("[::1]:4222")).toEqual({ hosts: ["[::1]:4222"], isTls: false });
});

test.each(["", "nats://", "http://a", "nats://user:word@a", "a b", "nats://a/x", "nats://a:", "nats://a:0", "nats://a:70000", "nats://::1"])("%s names none", (text) => {
  expect(() => parseServers(text)).toThrow(expect.toSatisfy((error) => ShoalError.is(error, "bad-option")));
});

test("a prefix is one plain token", () => {
  expect(checkedPrefix("shoal_2-x")).toBe("shoal_2-x");
  for (const prefix of ["", "a.b", "a b", "ä", "x".repeat(33)]) expect(() => checkedPrefix(prefix)).toThrow(expect.toSatisfy((error) => ShoalError.is(error, "bad-option")));
});
