import { renderUnicodeCompact } from "uqr";

/** A link as a QR code of a terminal's characters, for a phone's camera. */
export function qrCode(link: string): string {
  return renderUnicodeCompact(link, { ecc: "L", border: 2 });
}
