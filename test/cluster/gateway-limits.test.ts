// Whatever a worker or driver may say, the gateway may have to hand on: it must fit what the other side takes. A message that does not would end its connection, and come again on the next one.
import { encodeMessage, MessageReader, type Channel, type Header } from "@shoal/cluster";
import { describe, expect, test } from "vitest";
import { closeLater, openGateway, passUntil, type OpenGateway } from "./open-gateway.ts";
import { doubler, numbers, ScriptedDriver } from "./scripted-driver.ts";
import { ScriptedWorker, twice } from "./scripted-worker.ts";

/** Three bytes each, and a name of the longest. */
const long = (letters: number): string => "語".repeat(letters);
const refused: unknown[] = [];

/** The gateway's end of a link, through which only that gets which a socket would let through, either way. */
function asOverSockets<Sent extends Header, Received extends Header>(side: "worker" | "driver", far: Channel<Sent, Received>): Channel<Sent, Received> {
  const [out, back] = [new MessageReader(side), new MessageReader("gateway")];
  return {
    get bufferedBytes() {
      return far.bufferedBytes;
    },
    send: (header, payload) => {
      try {
        const read = out.read(encodeMessage(header, payload));
        far.send(read.header as unknown as Sent, payload);
      } catch (error) {
        refused.push(error);
        far.close();
      }
    },
    close: () => far.close(),
    listen: (listener) => far.listen({ message: (header, payload) => listener.message(back.read(encodeMessage(header, payload)).header as unknown as Received, payload), closed: (error) => listener.closed(error) }),
  };
}

async function open(blocks: number[][], label = long(1_024)): Promise<OpenGateway & { readonly driver: ScriptedDriver; readonly worker: ScriptedWorker }> {
  const opened = await openGateway({ name: long(2_000) });
  closeLater(opened);
  const driver = new ScriptedDriver({
    job: long(256), blocks, hello: { name: long(256) }, wrap: (far) => asOverSockets("driver", far),
    description: { name: long(1_024), about: { columns: ["n"], note: long(4_096) }, segments: [{ ...doubler, name: long(1_024) }], volunteers: true },
  }).connect(opened.gateway);
  const worker = new ScriptedWorker(long(256), { traits: { label }, wrap: (far) => asOverSockets("worker", far), script: () => "silent" }).connect(opened.gateway);
  return { ...opened, driver, worker };
}

describe("what the gateway sends is taken, at its limits", () => {
  test.each([["the longest label", long(1_024)], ["no label", ""]])("of blocks that were done by a worker of %s", async (_, label) => {
    const { clock, driver, worker } = await open(numbers(2), label);
    worker.script = (block) => ({ block: twice(block) });
    await passUntil(clock, () => driver.done.size === 2);
    expect(driver.all("part").map(({ worker: name }) => name)).toEqual(Array(2).fill(label === "" ? long(256) : label));
    expect(refused.splice(0).map(String)).toEqual([]);
  });
});
