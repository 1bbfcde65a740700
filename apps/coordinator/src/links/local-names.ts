import { hostname, networkInterfaces } from "node:os";

/** The addresses at which others in the local network find this machine: IPv4 first, which people can type. */
export function localAddresses(): readonly string[] {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []).filter(({ internal, address }) => !internal && !address.startsWith("fe80:") && !address.startsWith("169.254."));
  return [...all.filter(({ family }) => family === "IPv4"), ...all.filter(({ family }) => family !== "IPv4")].map(({ address }) => address);
}

/** Names under which this machine may be asked for. */
export function localNames(): readonly string[] {
  const name = hostname().toLowerCase();
  return [...new Set(["localhost", ...(/^[a-z0-9.-]+$/.test(name) ? [name, ...(name.includes(".") ? [] : [`${name}.local`])] : [])])];
}

/** Every address of this machine, rather than one: what `--host` means by it. */
export function isEveryAddress(host: string): boolean {
  return host === "0.0.0.0" || host === "::" || host === "*";
}

/** The name to put into links for a server that listens on `host`. */
export function linkHost(host: string): string {
  const name = isEveryAddress(host) ? (localAddresses()[0] ?? "localhost") : host;
  return name.includes(":") ? `[${name}]` : name;
}

/** Whether only programs on this machine reach a server that listens on `host`, an address or the name in a link: others would look for it in themselves. */
export function isOnlyHere(host: string): boolean {
  return host === "localhost" || host === "::1" || host === "[::1]" || host.startsWith("127.");
}
