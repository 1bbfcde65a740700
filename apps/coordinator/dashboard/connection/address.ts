/** Where the coordinator is, and what lets this page in. */
export interface Address {
  /** Without a slash at its end. */
  readonly base: string;
  /** What stands behind `#`. Empty where the address has none. */
  readonly token: string;
}

/** The coordinator of a page at `<base>/dashboard/#<token>`. */
export function readAddress(location: { readonly origin: string; readonly pathname: string; readonly hash: string }): Address {
  const folder = location.pathname.replace(/\/(index\.html)?$/, "");
  return { base: location.origin + folder.replace(/\/dashboard$/, ""), token: decodeURIComponent(location.hash.replace(/^#/, "")) };
}

/** Headers of a request to the coordinator. */
export function authorization({ token }: Address): Record<string, string> {
  return token === "" ? {} : { authorization: `Bearer ${token}` };
}
