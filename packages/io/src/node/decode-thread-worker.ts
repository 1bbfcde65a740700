import { createHash } from "node:crypto";
import { parentPort, type MessagePort } from "node:worker_threads";
import type { Sha256, ThreadJob } from "../decode-thread-messages.ts";
import { jobs } from "../decode-thread-jobs.ts";
import { serveDecodeJobs } from "../serve-decode-jobs.ts";
import { collector } from "./collector.ts";
import type { DecodeJpeg } from "./decode-jpeg.ts";
import { turnUpright } from "../turn-upright.ts";

const parent = parentPort as MessagePort;

let jpeg: { readonly jpegDecoder: () => Promise<DecodeJpeg> } | undefined;

const decodeJpeg: ThreadJob = async function* ({ bytes, orientation }: { bytes: Uint8Array; orientation: number }) {
  jpeg ??= await import("./decode-jpeg.ts");
  const image = turnUpright((await jpeg.jpegDecoder())(bytes), orientation);
  yield { value: image, transfer: [image.data.buffer] };
};

// WebCrypto would copy the bytes first, to hand them to yet another thread.
const sha256: Sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

const encodeParquet = jobs["parquet-write"] as ThreadJob;

/** A row group is garbage as soon as it is bytes: tens of megabytes, some old enough to outlive many young collections. Not the last one: nothing follows it. */
const writeParquet: ThreadJob = async function* (encoding, port) {
  const collect = collector();
  let given = false;
  const inputs = async function* () {
    for await (const input of port.inputs()) {
      if (given) collect?.();
      given = false;
      yield input;
    }
  };
  for await (const output of encodeParquet(encoding, { ...port, inputs })) {
    given = true;
    yield output;
  }
};

const { receive, fail } = serveDecodeJobs({ ...jobs, "jpeg-decode": decodeJpeg, "parquet-write": writeParquet }, (message, transfer) => parent.postMessage(message, transfer as ArrayBuffer[]), sha256);
parent.on("message", receive);
// Decoders can throw where nobody awaits.
process.on("uncaughtException", fail);
process.on("unhandledRejection", fail);
parent.postMessage({ kind: "began" });
