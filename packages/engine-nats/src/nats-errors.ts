import { ShoalError } from "@shoal/core";
import { JetStreamApiError } from "@nats-io/jetstream";

/** Error codes of the JetStream API that mean something to us. */
export const apiCodes = {
  noSuitablePeers: 10005,
  notCluster: 10074,
  nameInUse: 10058,
  streamNotFound: 10059,
  consumerNotFound: 10014,
  consumerExists: 10148,
  consumerNameInUse: 10013,
  wrongLastSequence: 10071,
  publishInFlight: 10164,
  storeFailed: 10077,
} as const;

export function apiCode(error: unknown): number | undefined {
  return error instanceof JetStreamApiError ? error.code : undefined;
}

/** No stream listens to what was sent: it was not written. It may be gone, or have no leader just now. */
export function isNoResponders(error: unknown): boolean {
  return error instanceof Error && (error.name === "NoRespondersError" || error.name === "JetStreamNotEnabled" || (error.cause instanceof Error && error.cause.name === "NoRespondersError"));
}

function isForbidden(error: unknown): boolean {
  return error instanceof Error && (error.name === "PermissionViolationError" || (error.cause instanceof Error && error.cause.name === "PermissionViolationError"));
}

/** Nobody said yes or no. Who may send it again, may. */
export function isUnanswered(error: unknown): boolean {
  if (error instanceof JetStreamApiError) return error.code === apiCodes.publishInFlight || (error.status >= 500 && error.code !== apiCodes.notCluster && error.code !== apiCodes.storeFailed);
  if (ShoalError.is(error)) return ["engine-unreachable", "engine-too-old"].includes(error.code);
  if (isForbidden(error)) return false;
  return error instanceof Error && (isNoResponders(error) || ["TimeoutError", "RequestError", "ConnectionError", "ClosedConnectionError", "DrainingConnectionError"].includes(error.name));
}

/** The user is unknown, or the password another one. */
export function isNotLetIn(error: unknown): boolean {
  return error instanceof Error && (["AuthorizationError", "UserAuthenticationExpiredError"].includes(error.name) || (error.cause !== undefined && isNotLetIn(error.cause)));
}

export function notLetIn(servers: string, cause: unknown): ShoalError {
  return new ShoalError("engine-refused", `The NATS servers at ${servers} don't let this user in.`, {
    hint: "Correct the user and the password, or the credentials; the servers' configuration names the users.",
    details: { servers },
    cause,
  });
}

export function unreachable(servers: string, cause?: unknown): ShoalError {
  const why = cause instanceof Error && cause.message !== "" ? `: ${cause.message}` : "";
  return new ShoalError("engine-unreachable", `No NATS server answers at ${servers}${why}.`, {
    hint: /certificate|self.signed|tls|ssl/i.test(why)
      ? "Name what the servers' certificates are signed with; and ask for TLS (tls://) where they speak it, and nowhere else."
      : "Start the servers, or correct the address.",
    details: { servers },
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Why a request came to nothing, in words. */
export function unansweredReason(error: unknown, what: string, servers: string): ShoalError {
  if (ShoalError.is(error)) return error;
  if (apiCode(error) === apiCodes.noSuitablePeers) {
    return new ShoalError("engine-unreachable", `Not enough NATS servers are up to ${what}.`, { hint: "Start the missing ones.", details: { servers }, cause: error });
  }
  const why = error instanceof JetStreamApiError ? error.message : isNoResponders(error) ? "nobody leads it, as during an election or where JetStream is not enabled" : "no answer came in time";
  return new ShoalError("engine-unreachable", `NATS did not ${what}: ${why}.`, { hint: "Start the servers that are down: more than half of them must be up.", details: { servers }, cause: error });
}

/** A server said no, for a reason that no retry mends: wrong permissions, limits of the account, a bug. */
export function refused(error: unknown, what: string): ShoalError {
  const text = error instanceof Error ? error.message : String(error);
  return new ShoalError("engine-refused", `NATS refused to ${what}: ${text}.`, {
    hint: "Look at the permissions of this user and at the limits of its account: shoal doctor --engine tries them all.",
    ...(apiCode(error) === undefined ? {} : { details: { code: apiCode(error) } }),
    cause: error,
  });
}

export function tooFewServers(replicas: number, cause: unknown): ShoalError {
  return new ShoalError("engine-replicas", `Every stream is to lie on ${replicas} servers, and there are not as many.`, {
    hint: replicas === 3 ? "Start three servers as one cluster, or ask for fewer: replicas 1 stands and falls with its server." : "Start more servers, or ask for fewer replicas.",
    details: { replicas },
    cause,
  });
}
