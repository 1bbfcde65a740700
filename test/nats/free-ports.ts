import { createServer } from "node:net";

const host = "127.0.0.1";

/** Ports that nobody has now, below those that connections get by themselves: one of these could take the port of one that is down for a while, or even connect to itself. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = 12_000 + Math.floor(20_000 * Math.random());
    const listener = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      listener.once("error", () => resolve(false));
      listener.listen(port, host, () => listener.close(() => resolve(true)));
    });
    if (isFree && !ports.includes(port)) ports.push(port);
  }
  return ports;
}
