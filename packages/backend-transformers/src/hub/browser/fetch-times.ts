/** How a file is asked for. */
export interface FetchOptions {
  readonly signal: AbortSignal;
  readonly token?: string | undefined;
  /** Failures that are borne. Default 4. */
  readonly mostFailures?: number;
}

/** Fetches, again where the network or the server failed. The last answer, whatever it says. @throws what the last attempt threw */
export async function fetchTimes(url: string, { signal, token, mostFailures = 4 }: FetchOptions): Promise<Response> {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  for (let failures = 0; ; failures++) {
    try {
      const response = await fetch(url, { signal, headers });
      if (failures >= mostFailures || (response.status < 500 && ![408, 429].includes(response.status))) return response;
      await response.body?.cancel();
    } catch (error) {
      if (signal.aborted || failures >= mostFailures) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100 * 2 ** failures));
    signal.throwIfAborted();
  }
}
