import { onnxModelFile } from "@shoal/backend-onnx";
import { listModelFiles, type HubOptions } from "@shoal/backend-transformers";
import type { FindModel, TravellingFile, TravellingModel } from "@shoal/cluster";
import type { DeclarativePredictorSpec, Logger } from "@shoal/core";
import { openTravellingFile, openTravellingOnnx } from "#platform";
import { travellingBytes } from "./travelling-bytes.ts";

/** Which files of a model go to the coordinator: those of models on this machine and of a hub. Models at an http(s) address are fetched there by whoever needs them. */
export function findModel({ hub, log }: { readonly hub?: HubOptions | undefined; readonly log: Logger }): FindModel {
  return async (spec, signal) => {
    switch (spec.backend) {
      case "transformers": return transformersModel(spec, hub, log, signal);
      case "onnx": return onnxModel(spec, signal);
      default: return undefined;
    }
  };
}

async function transformersModel(spec: DeclarativePredictorSpec, hub: HubOptions | undefined, log: Logger, signal: AbortSignal): Promise<TravellingModel | undefined> {
  const listed = await listModelFiles(spec, { signal, log, ...(hub !== undefined && { hub }) });
  if (listed === undefined) return undefined;
  const files: TravellingFile[] = [];
  for (const file of listed) files.push(await (file.localPath === undefined ? travellingBytes(file.path, () => file.read()) : openTravellingFile(file.path, file.localPath, signal)));
  return { files };
}

async function onnxModel(spec: DeclarativePredictorSpec, signal: AbortSignal): Promise<TravellingModel | undefined> {
  const file = onnxModelFile(spec);
  return file === undefined ? undefined : { entry: file.path, files: [await openTravellingOnnx(file.path, file.place, signal)] };
}
