import { ShoalError } from "@shoal/core";
import type { S3Credentials, S3Options } from "./s3-options.ts";

/** Names and values as a process has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * What `s3://bucket/prefix?endpoint=https://host&region=…&public=https://host` names, with credentials and what the address leaves out from the environment:
 * `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_REGION` or `AWS_DEFAULT_REGION`, `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL`.
 * @throws `bad-option`
 */
export function s3FromEnvironment(url: string, environment: Environment): Pick<S3Options, "endpoint" | "publicEndpoint" | "region" | "bucket" | "prefix"> & { readonly credentials: S3Credentials } {
  const { bucket, prefix, query } = parts(url);
  const first = (...names: string[]): string | undefined => names.map((name) => environment[name]?.trim()).find((value) => value !== undefined && value !== "");
  const accessKeyId = first("AWS_ACCESS_KEY_ID");
  const secretAccessKey = first("AWS_SECRET_ACCESS_KEY");
  const missing = [...(accessKeyId === undefined ? ["AWS_ACCESS_KEY_ID"] : []), ...(secretAccessKey === undefined ? ["AWS_SECRET_ACCESS_KEY"] : [])];
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    throw new ShoalError("bad-option", `The store ${url} needs credentials, and ${missing.join(" and ")} ${missing.length > 1 ? "are" : "is"} not set.`, { hint: "Set both, and AWS_SESSION_TOKEN where they are lent for a time.", failure: "bug" });
  }
  const sessionToken = first("AWS_SESSION_TOKEN");
  const endpoint = query.get("endpoint") ?? first("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL");
  const region = query.get("region") ?? first("AWS_REGION", "AWS_DEFAULT_REGION");
  const publicEndpoint = query.get("public") ?? undefined;
  return {
    bucket, prefix, credentials: { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) },
    ...(endpoint !== undefined && { endpoint }), ...(region !== undefined && { region }), ...(publicEndpoint !== undefined && { publicEndpoint }),
  };
}

const known = new Set(["endpoint", "region", "public"]);

function parts(url: string): { readonly bucket: string; readonly prefix: string; readonly query: URLSearchParams } {
  // Not by URL: runtimes differ about the host of an unknown scheme.
  const [, bucket, path = "", search = ""] = /^s3:\/\/([^/?#@]+)(?:\/([^?#]*))?(?:\?([^#]*))?$/.exec(url) ?? [];
  const query = new URLSearchParams(search);
  const strange = [...query.keys()].filter((key) => !known.has(key));
  if (bucket === undefined || strange.length > 0) {
    const why = bucket === undefined ? "" : `: ${strange.join(", ")} means nothing`;
    throw new ShoalError("bad-option", `"${url}" is no address of a store${why}.`, { hint: "s3://bucket/prefix?endpoint=https://host&region=…&public=https://host, of which only the bucket is needed.", failure: "bug" });
  }
  return { bucket, prefix: decoded(path, url), query };
}

function decoded(path: string, url: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new ShoalError("bad-option", `"${url}" is no address of a store: a % in its prefix is not followed by two digits.`, { hint: "Write %25 for a %.", failure: "bug" });
  }
}
