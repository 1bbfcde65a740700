import { encodeMessage, MessageReader, type Bye, type DriverToGateway, type GatewayToDriver, type GatewayToWorker, type Header, type Message, type Side, type WorkerToGateway } from "@shoal/cluster";

/** How the messages of one direction of one connection become what travels, and back. */
export interface Coding<M extends Header> {
  encode(header: M, payload: Uint8Array | undefined): unknown;
  /** @throws for what the other side would refuse */
  decode(frame: unknown): Message<M>;
}

/** Of one connection, to the gateway and from it. */
export interface Codings<Up extends Header, Down extends Header> {
  readonly up: Coding<Up>;
  readonly down: Coding<Down>;
}

/** The codings of new connections. */
export interface WireFormat {
  worker(): Codings<WorkerToGateway, GatewayToWorker>;
  driver(): Codings<DriverToGateway, GatewayToDriver>;
}

const identity = { encode: (header: Header, payload: Uint8Array | undefined) => ({ header, payload }), decode: (frame: unknown) => frame as Message<never> };
const identities = { up: identity, down: identity };

/** By reference: as over a memory channel. */
export const asTheyAre: WireFormat = { worker: () => identities, driver: () => identities };

/** By the very code of real connections: frames of bytes, checked against schemas, in the order that the protocol wants. */
export const asBytes: WireFormat = {
  worker: () => ({ up: codingFor("gateway"), down: codingFor("worker") }),
  driver: () => ({ up: codingFor("gateway"), down: codingFor("driver") }),
};

/** `side`: who reads. */
function codingFor<M extends Header>(side: Side): Coding<M> {
  const reader = new MessageReader(side);
  return {
    encode: (header, payload) => encodeMessage(header, payload),
    decode: (frame) => withoutBye(reader.read(frame as Uint8Array) as Message<M | Bye>),
  };
}

function withoutBye<M extends Header>(message: Message<M | Bye>): Message<M> {
  if (message.header.kind === "bye") throw new Error("nobody here says bye");
  return message as Message<M>;
}
