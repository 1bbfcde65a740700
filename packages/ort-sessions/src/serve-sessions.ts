import type { OnnxTensor, ResidentTensor } from "@shoal/core";
import type { Answers, Operation } from "./operations.ts";
import { OrtSessions, type OrtFeatures } from "./ort-sessions.ts";
import type { Ort } from "./ort-tensors.ts";
import type { Thrown, ThreadReply, ThreadRequest } from "./thread-protocol.ts";

/**
 * The thread's side of an `InnerThread`: it alone touches the library, whose calls block their thread for their whole length.
 * @param load is called with the first request.
 * @param post sends a reply; `leftBytes` were read for it of outputs that nobody needs any more.
 * @param complaint what the device said while the last operation was done, where the library lets it end well all the same.
 * @returns what takes requests; the library takes one at a time, the next may wait here already.
 */
export function serveSessions(load: () => Promise<Ort>, features: OrtFeatures, post: (reply: ThreadReply, transfer: ArrayBuffer[], leftBytes: number) => void, complaint: () => string | undefined = () => undefined): (request: ThreadRequest) => void {
  let sessions: OrtSessions | undefined;
  let turn: Promise<void> = Promise.resolve();

  async function answer({ id, operation }: ThreadRequest): Promise<void> {
    let reply: ThreadReply;
    const before = sessions?.leftBytes ?? 0;
    try {
      sessions ??= new OrtSessions(await load(), features);
      const value = await sessions.perform(operation);
      const said = complaint();
      reply = said === undefined ? { id, value } : { id, thrown: { message: said } };
      if (said !== undefined) {
        sessions.doubt(operation);
        await sessions.takeBack(operation, value as never);
      }
    } catch (error) {
      // What the device said is nearer to the cause than what the library made of it.
      const said = complaint();
      reply = { id, thrown: said === undefined ? thrownData(error) : { ...thrownData(error), message: said } };
    }
    post(reply, "value" in reply && operation.kind === "run" ? ownBuffers(reply.value) : [], (sessions?.leftBytes ?? 0) - before);
  }

  return (request) => void (turn = turn.then(() => answer(request)));
}

/** The library gives each output a buffer of its own: it moves instead of being copied. */
function ownBuffers(value: Answers[Operation["kind"]]): ArrayBuffer[] {
  const tensors = Object.values((value ?? {}) as Record<string, OnnxTensor | ResidentTensor>);
  const buffers = tensors.flatMap((tensor) => ("data" in tensor && ArrayBuffer.isView(tensor.data) ? [tensor.data.buffer as ArrayBuffer] : []));
  return [...new Set(buffers)];
}

function thrownData(error: unknown): Thrown {
  if (!(error instanceof Error)) return { message: String(error) };
  const { code } = error as { code?: unknown };
  return { message: error.message, ...(typeof code === "string" ? { code } : {}), ...(error.stack === undefined ? {} : { stack: error.stack }) };
}
