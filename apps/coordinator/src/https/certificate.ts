import { X509Certificate } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ShoalError } from "@shoal/core";
import { localAddresses, localNames } from "../links/local-names.ts";

/** What a server shows of itself, in PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export const certName = "certificate.pem";
const keyName = "certificate-key.pem";
const dayMs = 24 * 3600 * 1000;

/** Reads a certificate and its key from files. @throws `bad-certificate` */
export async function readCertificate(certPath: string, keyPath: string): Promise<Certificate> {
  const read = async (path: string, what: string): Promise<string> => {
    try {
      return await readFile(path, "utf8");
    } catch (cause) {
      throw new ShoalError("bad-certificate", `The ${what} ${path} can't be read: ${(cause as Error).message}`, { hint: "Give PEM files that this user may read: --cert and --key.", failure: "bug", cause });
    }
  };
  const pair = { cert: await read(certPath, "certificate"), key: await read(keyPath, "certificate's key") };
  try {
    void new X509Certificate(pair.cert);
  } catch (cause) {
    throw new ShoalError("bad-certificate", `${certPath} holds no certificate in PEM form.`, { hint: "It begins with -----BEGIN CERTIFICATE-----; the key goes into --key.", failure: "bug", cause });
  }
  return pair;
}

/**
 * A certificate made here, for every name and address of this machine. It vouches for itself only: browsers warn, once. Kept in the folder, if there is one,
 * so that they do not warn again after a restart; made anew when it is about to end or the machine has an address that it does not name.
 */
export async function ownCertificate(folder: string | undefined, extraHosts: readonly string[] = []): Promise<Certificate> {
  const names = [...new Set([...localNames(), ...extraHosts.filter((host) => !isAddress(host))])];
  const addresses = [...new Set(["127.0.0.1", "::1", ...localAddresses(), ...extraHosts.filter(isAddress)])];
  if (folder !== undefined && existsSync(join(folder, certName)) && existsSync(join(folder, keyName))) {
    const kept = { cert: await readFile(join(folder, certName), "utf8"), key: await readFile(join(folder, keyName), "utf8") };
    if (isStillGood(kept.cert, names, addresses)) return kept;
  }
  // A second to load, and only needed here.
  const { generate } = await import("selfsigned");
  const now = Date.now();
  const made = await generate([{ name: "commonName", value: names[1] ?? "localhost" }], {
    keyType: "ec",
    algorithm: "sha256",
    notBeforeDate: new Date(now - dayMs),
    // Apple's systems take none that is good for longer than 825 days.
    notAfterDate: new Date(now + 800 * dayMs),
    extensions: [
      { name: "basicConstraints", cA: false, critical: true },
      { name: "keyUsage", digitalSignature: true, critical: true },
      { name: "extKeyUsage", serverAuth: true },
      { name: "subjectAltName", altNames: [...names.map((value) => ({ type: 2 as const, value })), ...addresses.map((ip) => ({ type: 7 as const, ip }))] },
    ],
  });
  const fresh = { cert: made.cert, key: made.private };
  if (folder !== undefined) {
    await writeFile(join(folder, keyName), fresh.key, { mode: 0o600 });
    await chmod(join(folder, keyName), 0o600);
    await writeFile(join(folder, certName), fresh.cert);
  }
  return fresh;
}

function isStillGood(pem: string, names: readonly string[], addresses: readonly string[]): boolean {
  try {
    const certificate = new X509Certificate(pem);
    return Date.parse(certificate.validTo) > Date.now() + 7 * dayMs && names.every((name) => certificate.checkHost(name) !== undefined) && addresses.every((address) => certificate.checkIP(address) !== undefined);
  } catch {
    return false;
  }
}

function isAddress(host: string): boolean {
  return /^\d+\.\d+\.\d+\.\d+$/.test(host) || host.includes(":");
}
