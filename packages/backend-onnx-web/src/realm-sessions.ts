import type { ActorContext, OnnxLoader } from "@shoal/core";
import { OrtSessions, type ModelContent } from "@shoal/ort-sessions";
import { abortable, abortedError, disposedError, OrtSession, type Perform } from "@shoal/ort-sessions/actor-side";
import { modelName, readModel } from "./read-model.ts";
import type { WebDevice } from "./web-platform.ts";
import { ortFeatures, sessionSettings } from "./ort-setup.ts";
import type { Realm } from "./realm.ts";
import { webLoadError } from "./web-errors.ts";
import type { OnnxWebOptions } from "./wasm-files.ts";

type Actor = Pick<ActorContext, "threads" | "signal">;

/** What one actor has in its realm: its sessions, until it is disposed. */
export function openSessions(realm: Realm, device: WebDevice, actor: Actor, options: OnnxWebOptions): { readonly onnx: OnnxLoader } & AsyncDisposable {
  let sessions: OrtSessions | undefined;
  let disposed: Promise<void> | undefined;
  const refusal = (): Error | undefined => (disposed !== undefined ? disposedError() : actor.signal.aborted ? abortedError(actor.signal) : undefined);

  const perform: Perform = async (operation) => {
    const refused = refusal();
    if (refused !== undefined) throw refused;
    const own = sessions as OrtSessions;
    const work = realm.turn(device, () => own.perform(operation), refusal, (answer) => own.takeBack(operation, answer));
    return abortable(work, actor.signal);
  };

  const onnx: OnnxLoader = async (model, { externalData, intraOpThreads = actor.threads } = {}) => {
    const name = modelName(model);
    const read = (): Promise<ModelContent> => readModel(model, externalData, realm.platform.readFile, actor.signal);
    // Read before its turn comes, so that a slow server holds up nobody else; and not kept: a session has a copy of its own.
    let first: ModelContent | undefined = await read();
    const content = async (): Promise<ModelContent> => {
      const found = first ?? (await read());
      first = undefined;
      return found;
    };
    try {
      const { ort } = await realm.build(device, intraOpThreads, options);
      sessions ??= new OrtSessions(ort, ortFeatures);
      const loaded = await perform<"load">({ kind: "load", model: content, settings: sessionSettings(device) });
      return new OrtSession(perform, loaded, name, device);
    } catch (error) {
      throw webLoadError(error, name, device);
    }
  };

  return {
    onnx,
    // Its turn comes after the operation that is open; those that still wait are refused.
    [Symbol.asyncDispose]: () => (disposed ??= realm.turn(device, async () => sessions?.[Symbol.asyncDispose]()).catch(() => {})),
  };
}
