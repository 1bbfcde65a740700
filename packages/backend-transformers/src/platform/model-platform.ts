import type { Logger } from "@shoal/core";
import type { HubOptions } from "../hub/hub-files.ts";
import type { ModelFiles } from "../model/model-files.ts";

/** Which model, and where from. */
export interface ModelRequest {
  readonly model: string;
  readonly revision: string;
  readonly hub: HubOptions | undefined;
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly onBytes?: TellBytes;
}

/** Told of a file that is being downloaded, now and then: bytes of it that are there. */
export type TellBytes = (url: string, bytes: number) => void;

/** What loading models needs of the runtime. The package's import conditions choose which one `#platform` is. */
export interface ModelPlatform {
  /** What a model's files are located at are paths of this machine. */
  readonly hasFiles: boolean;
  /** Files that were fetched once are found again by whoever else looks here. */
  keepsFiles(): Promise<boolean>;
  /** @throws `model-not-found` for a directory that does not exist, `bad-model-name` */
  openModelFiles(request: ModelRequest): Promise<ModelFiles>;
  /** A file that a row names by its path or `file:` URL; undefined where there is none. */
  readFile(place: string, signal: AbortSignal): Promise<Uint8Array | undefined>;
}
