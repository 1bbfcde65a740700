/** Ledgers that are no job's. Names of jobs don't begin like them. */
export const inviteLedger = "~invites";
/** What gateways have in common: the secret, and what they ask of each other. */
export const coordinatorLedger = "~coordinator";

export function isOwnLedger(name: string): boolean {
  return name.startsWith("~");
}
