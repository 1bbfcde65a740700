import { ShoalError } from "@shoal/core";

/** What an operation of an actor that is to end rejects with. */
export function abortedError(signal: AbortSignal): ShoalError {
  return new ShoalError("aborted", "The actor was asked to end.", { failure: "aborted", cause: signal.reason });
}

/** What an operation of an actor that was disposed rejects with. */
export function disposedError(): ShoalError {
  return new ShoalError("disposed", "The actor's ONNX sessions were disposed.", { failure: "aborted" });
}

/** The promise, or a rejection as soon as the signal says so: the library can't be interrupted, those who wait for it can. */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(abortedError(signal));
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
