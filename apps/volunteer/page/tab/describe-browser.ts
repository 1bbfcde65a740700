interface UserAgentData {
  readonly brands?: readonly { readonly brand: string }[];
  readonly platform?: string;
}

/** As in `Chrome on Android`: how this tab is called where its owner gave it no name. */
export function describeBrowser(): string {
  const { userAgent } = navigator;
  const { brands = [], platform = "" } = (navigator as Navigator & { readonly userAgentData?: UserAgentData }).userAgentData ?? {};
  const brand = brands.map((each) => each.brand).find((name) => /^(Google Chrome|Microsoft Edge|Opera|Brave|Vivaldi)$/.test(name)) ?? brands.map((each) => each.brand).find((name) => name === "Chromium");
  const browser = brand?.replace(/^Google |^Microsoft /, "") ?? first(userAgent, [[/Edg/, "Edge"], [/Firefox|FxiOS/, "Firefox"], [/Chrome|CriOS/, "Chrome"], [/Safari/, "Safari"]]) ?? "A browser";
  const system = platform || first(userAgent, [[/Android/, "Android"], [/iPhone/, "iPhone"], [/iPad/, "iPad"], [/Windows/, "Windows"], [/Mac OS/, "macOS"], [/CrOS/, "ChromeOS"], [/Linux/, "Linux"]]);
  return system === undefined ? browser : `${browser} on ${system}`;
}

function first(text: string, names: readonly (readonly [RegExp, string])[]): string | undefined {
  return names.find(([pattern]) => pattern.test(text))?.[1];
}
