const tsLoader = new URL("../../ts-loader/register.mjs", import.meta.url).href;
const fromSource = import.meta.url.endsWith(".ts");

/** What decides how modules load and run; never `--inspect`, `--test`, `--eval`, `--watch`: those mean this process alone. */
const forwarded =
  /^(--conditions|-C|--import|--require|-r|--loader|--experimental-loader|--experimental-strip-types|--experimental-transform-types|--no-experimental-strip-types|--enable-source-maps|--max-old-space-size|--max-semi-space-size|--stack-size|--expose-gc|--preserve-symlinks|--no-warnings|--disable-warning|--no-deprecation|--use-system-ca|--use-openssl-ca|--dns-result-order)(=|$)/;
const takesValue = /^(--conditions|-C|--import|--require|-r|--loader|--experimental-loader)$/;

/** Conditions that workspace packages resolve by, for a runtime that reads TypeScript itself. */
export function plainFlags(_modules: readonly string[], own: readonly string[] = [], parent: readonly string[] = process.execArgv): string[] {
  return [...sourceFlags(parent), ...own];
}

/**
 * The flags of an actor's Node. The TypeScript loader is among them when one of the modules needs it.
 * @param modules URLs that the process will import.
 * @param own Flags of the caller, last.
 * @param parent The flags of this process.
 */
export function nodeFlags(modules: readonly string[], own: readonly string[] = [], parent: readonly string[] = process.execArgv): string[] {
  const flags = sourceFlags(parent);
  const typescript = fromSource || modules.some((module) => /\.m?ts$/.test(module.split(/[?#]/)[0] as string));
  const loads = flags.some((flag) => flag.includes("ts-loader") || flag.includes("tsx"));
  if (typescript && !loads) flags.push(`--import=${tsLoader}`, "--enable-source-maps");
  return [...flags, ...own];
}

function sourceFlags(parent: readonly string[]): string[] {
  const flags = forwardedFlags(parent);
  if (fromSource && !flags.some((flag) => flag.includes("@shoal/source"))) flags.push("--conditions=@shoal/source");
  return flags;
}

function forwardedFlags(parent: readonly string[]): string[] {
  const flags: string[] = [];
  for (let at = 0; at < parent.length; at++) {
    const flag = parent[at] as string;
    const withValue = takesValue.test(flag);
    if (forwarded.test(flag)) flags.push(flag, ...(withValue ? parent.slice(at + 1, at + 2) : []));
    if (withValue) at++;
  }
  return flags;
}
