export function Fish() {
  return <svg class="fish" viewBox="0 0 32 32" aria-hidden="true"><path d="M3 16c6-9 15-9 21-1l5-5v12l-5-5c-6 8-15 8-21-1z" /></svg>;
}

/** A machine or a browser tab. */
export function HostIcon({ host }: { readonly host: "machine" | "tab" }) {
  return (
    <svg class="host" viewBox="0 0 20 20" role="img" aria-label={host === "tab" ? "browser tab" : "machine"}>
      {host === "tab"
        ? <path d="M2.5 16.5v-11h5l1.5 3h8.5v8zM2.5 8.5h6.5M11 5.5h4l1 3" />
        : <path d="M3 4h14v5H3zM3 11h14v5H3zM6 6.5h.01M6 13.5h.01M10 6.5h4M10 13.5h4" />}
    </svg>
  );
}

export function Chevron({ open }: { readonly open: boolean }) {
  return <svg class={`chevron${open ? " open" : ""}`} viewBox="0 0 12 12" aria-hidden="true"><path d="M4 2.5 7.5 6 4 9.5" /></svg>;
}
