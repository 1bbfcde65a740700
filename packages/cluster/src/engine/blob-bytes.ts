import { ShoalError } from "@shoal/core";

/** The name of a blob of these bytes. */
export { sha256Now, sha256Of } from "#sha256";

/** @throws `blob-mismatch` */
export function checkBlobBytes(sha256: string, actual: string): void {
  if (sha256 === actual) return;
  throw new ShoalError("blob-mismatch", `Bytes were to be stored as blob ${sha256}, but their SHA-256 is ${actual}.`, {
    hint: "Compute the name from the very bytes that are stored, or transfer them again: they may have changed on the way.",
    failure: "bug",
    details: { sha256, actual },
  });
}

export function blobMissing(sha256: string): ShoalError {
  return new ShoalError("blob-missing", `There is no blob ${sha256}.`, {
    hint: "Compute its block again, or store the bytes again: it was never stored here, or was removed because nothing referred to it.",
    details: { sha256 },
  });
}

export function blobDamaged(sha256: string, actual: string): ShoalError {
  return new ShoalError("blob-damaged", `The bytes of blob ${sha256} have changed where they lie: their SHA-256 is ${actual} now.`, {
    hint: "Compute its block again, or store the bytes again; the damaged ones are given out no more. Check the disk.",
    details: { sha256, actual },
  });
}
