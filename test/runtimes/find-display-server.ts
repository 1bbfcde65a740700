import { execFileSync } from "node:child_process";

/** Whether there is Xvfb, a display that nobody sees. Without it the tests that need a window are left out, which is said; in CI that is a failure. */
export function hasDisplayServer(): boolean {
  try {
    execFileSync("Xvfb", ["-help"], { stdio: "ignore" });
    return true;
  } catch (error) {
    if ((error as { code?: string }).code !== "ENOENT") return true;
  }
  const message = "Xvfb was not found: what needs a browser's window is left out. To get it: apt-get install xvfb.";
  if (process.env["CI"] === "true" && process.platform === "linux") throw new Error(message);
  console.warn(message);
  return false;
}
