export { abortable, abortedError, disposedError } from "./abortable.ts";
export { OrtSession, type Perform } from "./ort-session.ts";
