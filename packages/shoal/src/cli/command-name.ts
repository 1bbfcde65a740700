import process from "node:process";

/** How the person calls this command, for commands that are printed to be pasted: `npx shoal`, or in a clone `npm run shoal --`. */
export function commandName(environment: NodeJS.ProcessEnv = process.env, versions: Readonly<Record<string, string | undefined>> = process.versions): string {
  const { npm_command: npm, npm_lifecycle_event: script } = environment;
  if (npm !== "exec" && script === "shoal") return "npm run shoal --";
  if (versions["bun"] !== undefined) return "bunx --bun shoal";
  if (versions["deno"] !== undefined) return "deno run -A npm:shoal";
  // A script of a project finds it as npx does.
  return npm === undefined ? "shoal" : "npx shoal";
}
