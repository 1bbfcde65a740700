import { ShoalError } from "@shoal/core";

/** What a link says. */
export interface Link {
  /** Of the coordinator, with a slash at the end. */
  readonly url: string;
  /** Of the invite: it stands in the fragment, which browsers send to nobody. */
  readonly token: string;
}

/** Reads a link as somebody pasted it, of the volunteers' page or of the dashboard. @throws `bad-link` */
export function parseLink(text: string): Link {
  const link = text.trim();
  const url = URL.canParse(link) ? new URL(link) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw badLink(link, "is no link to a coordinator");
  const token = url.hash.slice(1);
  if (token === "") throw badLink(link, "has no token: what stands after the # is missing");
  return { url: `${url.origin}${url.pathname.replace(/dashboard\/?$/, "").replace(/\/*$/, "/")}`, token };
}

function badLink(link: string, why: string): ShoalError {
  return new ShoalError("bad-link", `"${link.replace(/#.*/s, "#…")}" ${why}.`, {
    failure: "bug", hint: `Give the whole link in quotes, as in "http://host:port/#token". shoal serve and shoal run --share print it.`,
  });
}
