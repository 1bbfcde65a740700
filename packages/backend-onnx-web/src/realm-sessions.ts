import type { ActorContext, OnnxLoader } from "@shoal/core";
import { OrtSessions, type Operation } from "@shoal/ort-sessions";
import { abortable, abortedError, disposedError, OrtSession, type Perform } from "@shoal/ort-sessions/actor-side";
import { modelBytes } from "./model-bytes.ts";
import type { WebDevice } from "./platform.ts";
import { sessionSettings, type Realm } from "./realm.ts";
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
    const work = realm.turn(device, () => (sessions as OrtSessions).perform(operation), refusal);
    return abortable(work, actor.signal);
  };

  const onnx: OnnxLoader = async (model, { externalData, intraOpThreads = actor.threads } = {}) => {
    const source = await modelBytes(model, externalData, realm.platform.readFile, actor.signal);
    try {
      const { ort } = await realm.build(device, intraOpThreads, options);
      sessions ??= new OrtSessions(ort);
      const load: Extract<Operation, { kind: "load" }> = { kind: "load", model: source.bytes, settings: sessionSettings(device, source.externalData) };
      const loaded = await perform<"load">(load);
      return new OrtSession(perform, loaded, source.name, device);
    } catch (error) {
      throw webLoadError(error, source.name, device);
    }
  };

  return {
    onnx,
    // Its turn comes after the operation that is open; those that still wait are refused.
    [Symbol.asyncDispose]: () => (disposed ??= realm.turn(device, async () => sessions?.[Symbol.asyncDispose]()).catch(() => {})),
  };
}
