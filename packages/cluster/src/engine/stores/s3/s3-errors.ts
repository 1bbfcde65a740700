import { ShoalError } from "@shoal/core";
import { textIn } from "./xml.ts";

/** An answer that is no success, as far as it says something. */
export interface S3Refusal {
  readonly status: number;
  /** The service's word for it, as `AccessDenied`; empty where there is none. */
  readonly code: string;
  readonly message: string;
}

/** What was to be done, in words that complete "can't …", and where. */
export interface S3Doing {
  readonly doing: string;
  readonly where: string;
  /** What credentials must allow for it. */
  readonly permission: string;
}

export function refusalOf(status: number, body: string): S3Refusal {
  return { status, code: textIn(body, "Code") ?? "", message: textIn(body, "Message") ?? "" };
}

/** The service is busy, ill, or slow: the same request may succeed in a while. */
export function passesBy({ status, code }: S3Refusal): boolean {
  return [408, 425, 429, 500, 502, 503, 504].includes(status) || ["RequestTimeout", "SlowDown", "OperationAborted"].includes(code);
}

const unknownKey = "The service does not know this access key: check AWS_ACCESS_KEY_ID, and that the endpoint is the right one.";

const hints: Readonly<Record<string, string>> = {
  InvalidAccessKeyId: unknownKey,
  // The word of versitygw for it.
  XAdminUserNotFound: unknownKey,
  SignatureDoesNotMatch: "The secret is not the one of this access key: check AWS_SECRET_ACCESS_KEY, for spaces and line ends too.",
  RequestTimeTooSkewed: "The clocks of this machine and of the service differ: set this machine's.",
  ExpiredToken: "These credentials were lent for a time that is over: get new ones, and set AWS_SESSION_TOKEN with them.",
  InvalidToken: "The session token does not belong to these credentials: set AWS_SESSION_TOKEN anew, or not at all.",
  AuthorizationHeaderMalformed: "The region is probably another one: set it in the address (?region=…) or in AWS_REGION.",
  PermanentRedirect: "The bucket is in another region, or at another endpoint: set both in the address (?endpoint=…&region=…).",
};

/** What an answer means that is no success and does not pass by: `disk-full`, `store-missing`, `store-refused`. */
export function refused({ status, code, message }: S3Refusal, { doing, where, permission }: S3Doing): ShoalError {
  const details = { where, status, ...(code === "" ? {} : { system: code }) };
  const said = [code || `HTTP ${status}`, message].filter(Boolean).join(": ");
  if (status === 507 || ["QuotaExceeded", "XMinioStorageFull", "InsufficientStorage"].includes(code)) {
    return new ShoalError("disk-full", `Can't ${doing} in ${where}: the store is full (${said}).`, { hint: "Make room there, or raise its quota.", details });
  }
  if (code === "NoSuchBucket") {
    return new ShoalError("store-missing", `Can't ${doing}: there is no bucket ${where}.`, { hint: "Make the bucket, or correct its name, the endpoint or the region.", details });
  }
  const hint = hints[code] ?? (status === 401 || status === 403 ? `Let these credentials do ${permission} on it.` : "See what the service's own log says about it.");
  return new ShoalError("store-refused", `Can't ${doing} in ${where}: the service refused it (${said}).`, { hint, details });
}

/** @param last why the last try failed */
export function unreachable({ doing, where }: S3Doing, last: string, cause?: unknown): ShoalError {
  return new ShoalError("store-unreachable", `Can't ${doing} in ${where}: ${last}`, {
    hint: "See whether the service runs, and whether this machine reaches its address.", details: { where }, ...(cause !== undefined && { cause }),
  });
}
