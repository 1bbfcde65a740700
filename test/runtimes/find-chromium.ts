import { existsSync } from "node:fs";

const usual = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"];

/**
 * The browser that the system has, or that `CHROMIUM` names: none is downloaded. Without one, the suites that need it are left out and say
 * so; in CI that is a failure.
 */
export function findChromium(): string | undefined {
  const { CHROMIUM, CI } = process.env;
  const path = (CHROMIUM === undefined ? usual : [CHROMIUM]).find((candidate) => existsSync(candidate));
  if (path !== undefined) return path;
  const message = `Chromium was not found: its suites are left out. To get it: apt-get install chromium, or name one in the environment as CHROMIUM.`;
  if (CI === "true") throw new Error(message);
  console.warn(message);
  return undefined;
}
