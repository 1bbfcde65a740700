/** A link that lets somebody in. The token stands in the fragment, which browsers send to nobody. @param page "" for the page of volunteers, or `dashboard/` */
export function linkOf(url: string, token: string, page: "" | "dashboard/" = ""): string {
  return `${url}${page}#${token}`;
}
