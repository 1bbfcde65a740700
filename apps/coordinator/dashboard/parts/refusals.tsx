import { count, plural } from "@shoal/volunteer/format";

/** What was turned away, and what this page itself could not read. */
export function Refusals({ refused, unreadable }: { readonly refused: Readonly<Record<string, number>>; readonly unreadable: number }) {
  const codes = Object.entries(refused).filter(([, times]) => times > 0).toSorted((a, b) => b[1] - a[1]).slice(0, 12);
  return (
    <footer class="refusals">
      {codes.length > 0 && <p>Refused since the start: {codes.map(([code, times], index) => <span key={code}>{index > 0 && ", "}{count(times)} × <code>{code}</code></span>)}.</p>}
      {unreadable > 0 && <p>{plural(unreadable, "line")} from the coordinator could not be read and {unreadable === 1 ? "was" : "were"} left out.</p>}
    </footer>
  );
}
