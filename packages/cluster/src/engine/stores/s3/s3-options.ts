import type { Clock } from "@shoal/core";

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** A bucket, or what lies in it under a prefix. */
export interface S3Options {
  /** Where the service answers, as `https://s3.example.org`; buckets are part of the path. Default: Amazon's, of the region. */
  readonly endpoint?: string;
  /** The address under which tabs and machines outside reach the same service, for the URLs that they are given. Default: the endpoint. */
  readonly publicEndpoint?: string;
  /** Default `us-east-1`; some services want `auto`. */
  readonly region?: string;
  readonly bucket: string;
  /** What all names begin with; a slash is put behind it. Default: nothing. */
  readonly prefix?: string;
  /** Asked anew for each request where it is a function, for those that end. */
  readonly credentials: S3Credentials | (() => S3Credentials | Promise<S3Credentials>);
  readonly clock: Clock;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
  /** The day and time, in milliseconds since 1970: requests are signed with it. Default: `Date.now`. */
  readonly date?: () => number;
  readonly fetch?: typeof globalThis.fetch;
  /** How long one request may take, beside the time for its bytes. Default 30,000. */
  readonly requestMs?: number;
  /** How often a request that may be repeated is sent. Default 5. */
  readonly tries?: number;
  /** Nobody waits any longer, between tries or for whoever removes blobs: what waits rejects with its reason. */
  readonly signal?: AbortSignal;
}

export const defaultRegion = "us-east-1";
