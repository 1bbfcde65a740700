import { jobs } from "../decode-thread-jobs.ts";
import type { ToThread } from "../decode-thread-messages.ts";
import { serveDecodeJobs } from "../serve-decode-jobs.ts";
import { webSha256 } from "./web-sha256.ts";

const { receive, fail } = serveDecodeJobs(jobs, (message, transfer) => self.postMessage(message, transfer as ArrayBuffer[]), webSha256);
self.addEventListener("message", ({ data }: MessageEvent<ToThread>) => receive(data));
// Decoders can throw where nobody awaits.
self.addEventListener("error", (event) => {
  event.preventDefault();
  fail(event.error);
});
self.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  fail(event.reason);
});
self.postMessage({ kind: "began" });
