import { ShoalError } from "@shoal/core";

/** What a link says. */
export interface Link {
  /** Of the coordinator, with a slash at the end. */
  readonly url: string;
  readonly token: string;
}

/** Reads a link as somebody pasted it, of the volunteers' page or of the dashboard. @throws `bad-link` */
export function parseLink(text: string): Link {
  const url = URL.canParse(text.trim()) ? new URL(text.trim()) : undefined;
  const token = url?.hash.slice(1) ?? "";
  if (url === undefined || !/^https?:$/.test(url.protocol) || token === "") {
    throw new ShoalError("bad-link", `"${text.replace(/#.*/s, "#…")}" is no link to a coordinator.`, {
      hint: "Give the whole link in quotes, with what stands after the #: it looks like http://host:port/#token. shoal serve and shoal run --share print it.",
      failure: "bug",
    });
  }
  return { url: `${url.origin}${url.pathname.replace(/(dashboard\/?)?$/, "").replace(/\/*$/, "/")}`, token };
}

/** Where a coordinator takes connections. */
export function connectUrl({ url }: Pick<Link, "url">): string {
  return `${url.replace(/^http/, "ws")}connect`;
}
