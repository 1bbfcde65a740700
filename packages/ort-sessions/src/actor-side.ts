export { abortable, abortedError, disposedError } from "./abortable.ts";
export { InnerThread } from "./inner-thread.ts";
export { OrtSession, type Perform } from "./ort-session.ts";
