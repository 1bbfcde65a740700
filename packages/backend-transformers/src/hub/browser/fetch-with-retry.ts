import { systemClock } from "@shoal/core";
import { IdleLimit } from "../idle-limit.ts";

/** How a file is asked for. */
export interface FetchOptions {
  readonly signal: AbortSignal;
  readonly token?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** Failures that are borne. Default 4. */
  readonly mostFailures?: number;
  /** Nothing comes for so long: that is a failure. */
  readonly idleMs?: number;
}

/** Failures in a row, without a byte between them, that are borne. */
export const usualFailures = 4;

/** Fetches, again where the network or the server failed. The last answer, whatever it says. @throws what the last attempt threw */
export async function fetchWithRetry(url: string, { signal, token, headers = {}, mostFailures = usualFailures, idleMs }: FetchOptions): Promise<Response> {
  const authorization: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  for (let failures = 0; ; failures++) {
    try {
      using limit = new IdleLimit(signal, idleMs);
      const response = await fetch(url, { signal: limit.signal, headers: { ...headers, ...authorization } });
      if (failures >= mostFailures || (response.status < 500 && ![408, 429].includes(response.status))) return response;
      await response.body?.cancel();
    } catch (error) {
      if (signal.aborted || failures >= mostFailures) throw error;
    }
    await waitAfter(failures, signal);
  }
}

/** The more failures there were, the longer. @throws the signal's reason */
export function waitAfter(failures: number, signal: AbortSignal): Promise<void> {
  return systemClock.sleep(100 * 2 ** failures, signal);
}
