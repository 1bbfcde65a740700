/** What was stored within this time may be about to be committed, or on its way to another gateway: no collection takes it. */
export const blobGraceMs = 600_000;
/** Whoever needs what no ledger names stores it again this often. */
export const blobRenewMs = blobGraceMs / 3;
