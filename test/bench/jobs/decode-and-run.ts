import { readFileSync } from "node:fs";
import { Transformer } from "@napi-rs/image";
import { definePredictor, type OnnxSession } from "shoal";

/** How dear each stage is, per row. */
export type Stages = {
  readonly model: string;
  readonly photograph: string;
  /** JPEGs decoded in `preprocess`. */
  readonly decodes: number;
  /** Tokens run through the encoder in `predict`; 0 runs nothing. */
  readonly tokens: number;
};

interface State {
  readonly stages: Stages;
  readonly jpeg: Buffer;
  readonly session: OnnxSession;
}

/** Two stages whose costs are given: decoding on the actor's own thread's time, one picture after another, and a model in its inner thread. */
export const decodeAndRun = definePredictor<{ id: Float64Array }>()(import.meta, "decodeAndRun", {
  setup: async (actor, stages: Stages): Promise<State> => ({ stages, jpeg: readFileSync(stages.photograph), session: await actor.onnx(`${stages.model}/onnx/model.onnx`) }),
  preprocess: async (batch, { jpeg, stages }) => {
    const bytes = new Float64Array(batch.id.length);
    for (let row = 0; row < bytes.length; row++) {
      for (let time = 0; time < stages.decodes; time++) bytes[row] = (await new Transformer(jpeg).rawPixels()).length;
    }
    return { id: batch.id, bytes };
  },
  predict: async (batch, { session, stages }) => {
    if (stages.tokens > 0) await session.run(feeds(session, batch.id.length, stages.tokens));
    return { id: batch.id, bytes: batch.bytes };
  },
});

function feeds(session: OnnxSession, rows: number, tokens: number): Parameters<OnnxSession["run"]>[0] {
  const ones = { type: "int64", shape: [rows, tokens], data: new BigInt64Array(rows * tokens).fill(1n) } as const;
  return Object.fromEntries(session.inputs.map(({ name }) => [name, ones]));
}
