import { Console } from "node:console";

/**
 * Lets what a job logs go to standard error from now on, so that standard output holds rows or events and nothing else. Its actors' logs go there anyway.
 * @returns lets it go where it went before
 */
export function logToStandardError(): () => void {
  const other = new Console({ stdout: process.stderr, stderr: process.stderr });
  const before = { ...console };
  // The methods and not the object: modules may hold it.
  Object.assign(console, Object.fromEntries(Object.entries(other).filter(([, value]) => typeof value === "function")));
  return () => void Object.assign(console, before);
}
