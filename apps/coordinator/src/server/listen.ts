import { createServer, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { ShoalError } from "@shoal/core";
import type { Certificate } from "../https/certificate.ts";
import { isEveryAddress } from "../links/local-names.ts";

/** A request's line and headers together. */
const maxHeaderSize = 16 * 1024;

export function openServer(certificate: Certificate | undefined): Server {
  if (certificate === undefined) return createServer({ maxHeaderSize });
  try {
    return createSecureServer({ ...certificate, maxHeaderSize, minVersion: "TLSv1.2" });
  } catch (cause) {
    throw new ShoalError("bad-certificate", `The certificate and its key do not go together: ${(cause as Error).message}`, { hint: "Give the PEM files of one pair, the chain of the certificate included.", failure: "bug", cause });
  }
}

/** Listens; gives the port. @throws `port-taken`, `bad-host` */
export async function listen(server: Server, host: string, port: number): Promise<number> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ port, host: isEveryAddress(host) ? (host === "*" ? "0.0.0.0" : host) : host }, () => {
        server.removeListener("error", reject);
        resolve();
      });
    });
  } catch (cause) {
    const { code } = cause as { code?: string };
    if (code === "EADDRINUSE") {
      throw new ShoalError("port-taken", `Port ${port} of ${host} is taken by another program.`, { hint: "Stop that program, perhaps an earlier shoal serve; or choose another port with --port, which changes the links.", failure: "bug", cause });
    }
    if (code === "EACCES") throw new ShoalError("port-taken", `This user may not listen on port ${port}.`, { hint: "Choose one above 1023 with --port.", failure: "bug", cause });
    if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND") {
      throw new ShoalError("bad-host", `This machine has no address ${host} to listen on.`, { hint: "Give one of its own addresses with --host, or 0.0.0.0 for all of them.", failure: "bug", cause });
    }
    throw ShoalError.from(cause);
  }
  return (server.address() as AddressInfo).port;
}
