import { jobs } from "../decode-thread-jobs.ts";
import type { FromThread, Thread } from "../decode-thread-messages.ts";
import { serveDecodeJobs } from "../serve-decode-jobs.ts";
import { webSha256 } from "./web-sha256.ts";

/** A thread that is none: its jobs are done where they are asked for. */
export function threadOnTheSpot(): Thread {
  let heard: (message: FromThread) => void = () => {};
  const { receive } = serveDecodeJobs(jobs, (message) => heard(message), webSha256);
  return {
    post: (message) => receive(message),
    listen: (message) => void (heard = message),
    hold() {},
    end: async () => void (heard = () => {}),
  };
}
