import { ShoalError } from "@shoal/core";

/** What a link says. */
export interface Link {
  /** Of the coordinator, with a slash at the end; of the first one, where it names several. */
  readonly url: string;
  /** Of all gateways of one engine that it names: `http://a:7070,b:7070/#token`. Any of them will do. */
  readonly urls: readonly [string, ...string[]];
  /** Of the invite: it stands in the fragment, which browsers send to nobody. */
  readonly token: string;
}

const mostHosts = 64;

/** Reads a link as somebody pasted it, of the volunteers' page or of the dashboard. @throws `bad-link` */
export function parseLink(text: string): Link {
  const link = text.trim();
  const [, scheme = "", hosts = "", rest = ""] = /^(https?:\/\/)([^/?#]*)(.*)$/is.exec(link) ?? [];
  const urls = hosts.split(",").map((host) => `${scheme}${host.trim()}${rest}`);
  // What a browser would make of these is another host than was meant, or one with a name and a password.
  const isStrange = hosts.split(",").some((host) => /@|:$/.test(host.trim())) || rest.startsWith("//");
  if (scheme === "" || isStrange || urls.length > mostHosts || !urls.every((url) => URL.canParse(url))) throw badLink(link, "is no link to a coordinator");
  const [first, ...others] = urls.map((url) => baseOf(new URL(url)));
  const token = new URL(urls[0] as string).hash.slice(1);
  if (token === "") throw badLink(link, "has no token: what stands after the # is missing");
  return { url: first as string, urls: [first as string, ...others], token };
}

function baseOf({ origin, pathname }: URL): string {
  return `${origin}${pathname.replace(/dashboard\/?$/, "").replace(/\/*$/, "/")}`;
}

function badLink(link: string, why: string): ShoalError {
  return new ShoalError("bad-link", `"${link.replace(/#.*/s, "#…")}" ${why}.`, {
    failure: "bug", hint: `Give the whole link in quotes, as in "http://host:port/#token". shoal serve and shoal run --share print it.`,
  });
}
