import { useEffect, useState } from "preact/hooks";

/** Reads custom properties of the page's style, again when the system turns light or dark: what a canvas draws with. */
export function useTheme<Name extends string>(names: readonly Name[]): Readonly<Record<Name, string>> {
  const [theme, setTheme] = useState(() => readTheme(names));
  useEffect(() => {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const read = () => setTheme(readTheme(names));
    dark.addEventListener("change", read);
    return () => dark.removeEventListener("change", read);
  }, [names]);
  return theme;
}

function readTheme<Name extends string>(names: readonly Name[]): Readonly<Record<Name, string>> {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()])) as Record<Name, string>;
}
