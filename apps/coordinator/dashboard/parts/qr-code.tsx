import { useMemo } from "preact/hooks";
import { encode } from "uqr";

/** A text as a QR code. Dark on light whatever the page's colours: many readers know no other. */
export function QrCode({ text }: { readonly text: string }) {
  const { size, path } = useMemo(() => {
    const code = encode(text, { ecc: "L", border: 3 });
    const dark = code.data.flatMap((row, y) => row.flatMap((on, x) => (on ? [`M${x} ${y}h1v1h-1z`] : [])));
    return { size: code.size, path: dark.join("") };
  }, [text]);
  return <svg class="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label="QR code of the link" shape-rendering="crispEdges"><path d={path} /></svg>;
}
