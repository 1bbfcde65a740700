import { sha256Of } from "@shoal/cluster";
import { ShoalError } from "@shoal/core";

/** Fetches a predictor's code and puts it where actors can import it, if it is what its hash says. @throws `unreachable`, `http-refused`, `download-corrupt` */
export async function fetchCode(url: string, sha256: string, keep: (sha256: string, bytes: Uint8Array) => Promise<string>): Promise<string> {
  const shown = url.replace(/\/~[^/]+/, "");
  const response = await fetch(url).catch((cause: unknown) => {
    throw new ShoalError("unreachable", `The code at ${shown} could not be fetched.`, { cause, failure: "worker-lost", hint: "It is tried again with the next task." });
  });
  if (!response.ok) {
    throw new ShoalError("http-refused", `The coordinator answered ${response.status} for the code at ${shown}.`, { failure: "worker-lost", hint: "The job may have ended; it is tried again with the next task." });
  }
  const bytes = new Uint8Array(await response.arrayBuffer());
  const digest = await sha256Of(bytes);
  if (digest !== sha256) {
    throw new ShoalError("download-corrupt", `The code at ${shown} came damaged: its SHA-256 is ${digest}.`, { failure: "worker-lost", hint: "It is tried again; if it stays so, a proxy on the way changes the file." });
  }
  return keep(sha256, bytes);
}
