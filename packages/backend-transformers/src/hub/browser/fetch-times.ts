/** Failures that are borne. */
const mostFailures = 4;

/** Fetches, again where the network or the server failed. The last answer, whatever it says. @throws what the last attempt threw */
export async function fetchTimes(url: string, signal: AbortSignal, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
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
