/** What the command ends with. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, deadLetters: 3, interrupted: 130 } as const;
