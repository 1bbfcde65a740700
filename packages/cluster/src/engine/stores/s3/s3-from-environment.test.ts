import { expect, test } from "vitest";
import { s3FromEnvironment } from "./s3-from-environment.ts";

const keys = { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "secret\n" };
const credentials = { accessKeyId: "id", secretAccessKey: "secret" };

test.each([
  ["s3://bucket", {}, { bucket: "bucket", prefix: "" }],
  ["s3://bucket/some/where/", {}, { bucket: "bucket", prefix: "some/where/" }],
  ["s3://bucket/a%20b?endpoint=https://host:9000&region=auto&public=https://outside", { AWS_REGION: "other" }, { bucket: "bucket", prefix: "a b", endpoint: "https://host:9000", region: "auto", publicEndpoint: "https://outside" }],
  ["s3://bucket/x", { AWS_DEFAULT_REGION: "eu-1", AWS_ENDPOINT_URL: "http://all", AWS_ENDPOINT_URL_S3: "http://s3" }, { bucket: "bucket", prefix: "x", endpoint: "http://s3", region: "eu-1" }],
])("%s with %j", (url, environment, options) => {
  expect(s3FromEnvironment(url, { ...keys, ...environment })).toEqual({ ...options, credentials });
});

test("credentials that are lent for a time come with their token", () => {
  expect(s3FromEnvironment("s3://bucket", { ...keys, AWS_SESSION_TOKEN: "token" }).credentials).toEqual({ ...credentials, sessionToken: "token" });
});

test.each([
  ["s3://", keys, "no address"],
  ["s3:///prefix", keys, "no address"],
  ["s3://key:secret@bucket", keys, "no address"],
  ["s3://bucket?endpiont=https://host", keys, "endpiont means nothing"],
  ["https://bucket", keys, "no address"],
  ["s3://bucket/100%", keys, "is not followed by two digits"],
  ["s3://bucket", {}, "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set"],
])("%s is refused: %#", (url, environment, message) => {
  expect(() => s3FromEnvironment(url, environment)).toThrow(message);
});
