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
  return { base: location.origin + folder.replace(/\/dashboard$/, ""), token: decode(location.hash.slice(1)) };
}

/** A fragment that was mangled on its way is still sent, so that the coordinator says no to it. */
function decode(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment;
  }
}

/** Headers of a request to the coordinator. */
export function authorization({ token }: Address): Record<string, string> {
  return token === "" ? {} : { authorization: `Bearer ${token}` };
}
