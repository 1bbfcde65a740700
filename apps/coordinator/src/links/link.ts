import type { Scope } from "@shoal/cluster";

/** The page that a link of these scopes opens. */
export function pageOf(scopes: readonly Scope[]): "" | "dashboard/" {
  return scopes.includes("observe") ? "dashboard/" : "";
}

/** A link that lets somebody in. The token stands in the fragment, which browsers send to nobody. @param page "" for the page of volunteers, or `dashboard/` */
export function linkOf(url: string, token: string, page: "" | "dashboard/" = ""): string {
  return `${url}${page}#${token}`;
}

/** The same for programs, which begin with any of these hosts and go on to the next when one is away: `http://a:7070,b:7070/#…`. Browsers take no such address. */
export function linkToAny(url: string, hosts: readonly string[], token: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${[...new Set([host, ...hosts])].join(",")}${pathname}#${token}`;
}
