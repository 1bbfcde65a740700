import { execFileSync } from "node:child_process";

/**
 * versitygw, an S3-compatible server: `$SHOAL_S3_SERVER`, else the one on the PATH. Without it the tests against a real server are left out, which is said; in CI that is a failure.
 */
export function findS3Server(): string | undefined {
  const path = process.env["SHOAL_S3_SERVER"] ?? "versitygw";
  try {
    execFileSync(path, ["--version"], { stdio: "ignore" });
    return path;
  } catch {
    const message = `${path} was not found: the tests against S3-compatible storage are left out. To get it: go install github.com/versity/versitygw/cmd/versitygw@v1.8.0, and put it on the PATH, or say where it is in SHOAL_S3_SERVER.`;
    if (process.env["CI"] === "true") throw new Error(message);
    console.warn(message);
    return undefined;
  }
}
