// `shoal serve --engine` in processes of their own, on a real server.
import { startShoal, type CoordinatorLinks, type ProcessOptions, type ShoalProcess } from "../fleet/shoal-process.ts";

export interface GatewayProcess extends CoordinatorLinks {
  readonly process: ShoalProcess;
  readonly name: string;
  readonly port: number;
  /** A link that names this one alone. */
  readonly alone: CoordinatorLinks;
}

export interface GatewaySettings {
  readonly engine: string;
  /** Of all gateways, this one among them. */
  readonly ports: readonly number[];
  readonly args?: readonly string[];
  readonly env?: ProcessOptions["env"];
}

/** Starts a gateway on a port that was set aside for it. Settles when it lets others in. */
export async function startGateway(folder: string, name: string, port: number, { engine, ports, args = [], env }: GatewaySettings): Promise<GatewayProcess> {
  const gateways = ports.map((each) => `127.0.0.1:${each}`).join(",");
  const process = startShoal(folder, ["serve", "--engine", engine, "--store", "store", "--replicas", "1", "--folder", name, "--name", name, "--port", String(port), "--gateways", gateways, "--json", ...args], env === undefined ? {} : { env });
  const [line] = await process.out.until(/^\{"kind":"links".*\}$/m).catch((error: unknown) => Promise.reject(new Error(`${name} did not start: ${process.err.text()}`, { cause: error })));
  const { url, links } = JSON.parse(line) as CoordinatorLinks;
  const only = (link: string): string => link.replace(/\/\/[^/]+\//, `//127.0.0.1:${port}/`);
  return { process, name, port, url, links, alone: { url, links: { ...links, work: only(links.work), submit: only(links.submit) } } };
}

/** A sample of a gateway's numbers, summed over its labels; undefined where there is none. */
export async function metric({ url }: CoordinatorLinks, name: string): Promise<number | undefined> {
  const text = await (await fetch(`${url}metrics`)).text();
  const values = [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, "gm"))].map(([, value]) => Number(value));
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0);
}
