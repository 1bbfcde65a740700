import { encodeMessage, MessageReader, type Bye, type GatewayToWorker, type Header, type Message, type WorkerToGateway } from "@shoal/cluster";

/** How the messages of one direction of one connection become what travels, and back. */
export interface Coding<M extends Header> {
  encode(header: M, payload: Uint8Array | undefined): unknown;
  /** @throws for what the other side would refuse */
  decode(frame: unknown): Message<M>;
}

/** The codings of a new connection. */
export type WireFormat = () => { readonly up: Coding<WorkerToGateway>; readonly down: Coding<GatewayToWorker> };

const identity = { encode: (header: Header, payload: Uint8Array | undefined) => ({ header, payload }), decode: (frame: unknown) => frame as Message<never> };

/** By reference: as over a memory channel. */
export const asTheyAre: WireFormat = () => ({ up: identity, down: identity });

/** By the very code of real connections: frames of bytes, checked against schemas, in the order that the protocol wants. */
export const asBytes: WireFormat = () => {
  const [gateway, worker] = [new MessageReader("gateway"), new MessageReader("worker")];
  const encode = (header: Header, payload: Uint8Array | undefined): Uint8Array => encodeMessage(header, payload);
  return {
    up: { encode, decode: (frame) => withoutBye(gateway.read(frame as Uint8Array)) as Message<WorkerToGateway> },
    down: { encode, decode: (frame) => worker.read(frame as Uint8Array) },
  };
};

function withoutBye<M extends Header>(message: Message<M | Bye>): Message<M> {
  if (message.header.kind === "bye") throw new Error("no simulated worker says bye");
  return message as Message<M>;
}
