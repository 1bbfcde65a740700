import type { Environment } from "./environment.ts";

/** Says it to whoever watches the run, and to its log. */
export function tellNotice({ log, onEvent }: Pick<Environment, "log" | "onEvent">, message: string): void {
  onEvent?.({ kind: "notice", message });
  log?.info(message);
}
