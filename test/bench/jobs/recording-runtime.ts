import type { OnnxRuntime, OnnxSession } from "@shoal/core";

type Feeds = Parameters<OnnxSession["run"]>[0];

/** A runtime whose sessions tell what they are fed, so that a hand-written loop can run the very same batches. */
export function recordingRuntime(runtime: OnnxRuntime, record: (feeds: Feeds) => void): OnnxRuntime {
  return {
    ...runtime,
    async open(actor) {
      const opened = await runtime.open(actor);
      return { onnx: async (model, options) => recording(await opened.onnx(model, options), record), [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose]() };
    },
  };
}

function recording(session: OnnxSession, record: (feeds: Feeds) => void): OnnxSession {
  const run = session.run.bind(session) as (...call: Parameters<OnnxSession["run"]>) => ReturnType<OnnxSession["run"]>;
  session.run = ((...call: Parameters<OnnxSession["run"]>) => {
    record(call[0]);
    return run(...call);
  }) as OnnxSession["run"];
  return session;
}
