/** The path under which the world finds us, as `/base/`; `/` where there is none. */
export function basePathOf(baseUrl: string | undefined): string {
  return baseUrl === undefined ? "/" : new URL(baseUrl).pathname.replace(/\/*$/, "/");
}

/** A request's path without the base path: some proxies leave it, some take it off. Undefined where the slash after it is missing. */
export function withoutBasePath(path: string, basePath: string): string | undefined {
  if (basePath === "/") return path;
  if (path === basePath.slice(0, -1)) return undefined;
  return path.startsWith(basePath) ? path.slice(basePath.length - 1) : path;
}
