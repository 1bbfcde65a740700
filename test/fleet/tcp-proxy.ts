import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { Transform } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { onTestFinished } from "vitest";

/** Which way bytes go: `up` to the coordinator, `down` from it. */
type Direction = "up" | "down";

/** Stands between a coordinator and who uses its link. */
export interface TcpProxy {
  /** The link, leading through here. */
  through(link: string): string;
  /** Bytes in these directions go no further, and nobody is told; a new connection is as dead. */
  cut(...directions: readonly Direction[]): void;
  /** Bytes to the coordinator go no faster than this, from now on. */
  slow(bytesPerSecond: number): void;
  /** What was held arrives. */
  heal(): void;
  /** All connections end, as when a router forgets them. */
  reset(): void;
}

/** Lets bytes through at a rate, twenty times a second. */
function brake(bytesPerSecond: number): Transform {
  const piece = Math.ceil(bytesPerSecond / 20);
  return new Transform({
    highWaterMark: piece,
    async transform(this: Transform, chunk: Buffer, _encoding, done) {
      for (let at = 0; at < chunk.length; at += piece) {
        await sleep(50);
        this.push(chunk.subarray(at, at + piece));
      }
      done();
    },
  });
}

export async function startProxy(url: string): Promise<TcpProxy> {
  const port = Number(new URL(url).port);
  const pairs = new Set<{ readonly near: Socket; readonly far: Socket }>();
  const held = new Set<Direction>();
  let bytesPerSecond: number | undefined;
  const apply = ({ near, far }: { readonly near: Socket; readonly far: Socket }): void => {
    // A source that is paused keeps its bytes in the kernel, until there is no more room: as on a dead line.
    for (const [direction, from, to] of [["up", near, far], ["down", far, near]] as const) {
      // Piped a second time, everything would arrive twice.
      from.unpipe();
      if (held.has(direction)) from.pause();
      else if (direction === "up" && bytesPerSecond !== undefined) from.pipe(brake(bytesPerSecond)).pipe(to);
      else from.pipe(to);
    }
  };
  const server = createServer((near) => {
    const pair = { near, far: connect(port, "127.0.0.1") };
    pairs.add(pair);
    for (const [one, other] of [[pair.near, pair.far], [pair.far, pair.near]] as const) {
      one.setNoDelay();
      one.on("error", () => {});
      one.on("close", () => {
        pairs.delete(pair);
        other.destroy();
      });
    }
    apply(pair);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const reset = (): void => {
    for (const { near, far } of pairs) {
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
  };
  onTestFinished(() => {
    reset();
    server.close();
  });
  const applyAll = (): void => pairs.forEach(apply);
  return {
    through: (link) => link.replace(`:${port}/`, `:${(server.address() as AddressInfo).port}/`),
    cut(...directions) {
      for (const direction of directions) held.add(direction);
      applyAll();
    },
    slow(rate) {
      bytesPerSecond = rate;
      applyAll();
    },
    heal() {
      held.clear();
      applyAll();
    },
    reset,
  };
}
