import { expect, test } from "vitest";
import { parseLink } from "./link.ts";

test.each([
  ["http://host:7070/#token", ["http://host:7070/"]],
  [" https://example.org/shoal/dashboard/#token ", ["https://example.org/shoal/"]],
  ["http://a:7070,b:7071,10.0.0.3:7072/#token", ["http://a:7070/", "http://b:7071/", "http://10.0.0.3:7072/"]],
  ["https://a, b:8443/shoal/#token", ["https://a/shoal/", "https://b:8443/shoal/"]],
  ["http://[::1]:7070,host/#token", ["http://[::1]:7070/", "http://host/"]],
])("%s leads to %j", (text, urls) => expect(parseLink(text)).toEqual({ url: urls[0], urls, token: "token" }));

test.each(["not a link", "127.0.0.1:80", "ftp://host/#token", "http://a:7070,/#token", "http://a:7070,b:x/#token", "http://a:7070,ws://b/#token", "http://a:7070,http://b:7070/#token", "http://a:7070,u:p@b/#token", "http://a:,b/#token", "http://a:70700,b/#token", "http://host/"])("%s is none", (text) => {
  expect(() => parseLink(text)).toThrow(expect.objectContaining({ code: "bad-link" }));
});
