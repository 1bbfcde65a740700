import { once } from "node:events";
import { connect } from "node:net";
import { FakeClock } from "@shoal/testing";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { serve } from "./served.ts";

const lookMs = 5_000;

test("a socket that answers nothing is cut, one that answers pings is not", async () => {
  const clock = new FakeClock();
  await using server = await serve({ clock });
  const alive = new WebSocket(`ws://127.0.0.1:${server.port}/connect`);
  let pings = 0;
  alive.on("ping", () => pings++);
  await once(alive, "open");
  // As a machine that has lost its power: the connection stands, and nobody is there.
  const dead = connect(server.port, "127.0.0.1");
  dead.write(`GET /connect HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.alloc(16).toString("base64")}\r\n\r\n`);
  await once(dead, "data");
  const cut = once(dead, "close");
  dead.resume().on("error", () => {});
  // Every other look sees what came since: the handshake, then the answer to the ping of the look before.
  for (let look = 0; look < 6; look++) {
    const before = pings;
    await clock.advance(lookMs);
    if (look % 2 === 0) continue;
    await expect.poll(() => pings).toBe(before + 1);
    // What was answered has come when what was sent after it has.
    alive.ping();
    await once(alive, "pong");
  }
  await cut;
  expect(alive.readyState).toBe(WebSocket.OPEN);
  alive.close();
});
