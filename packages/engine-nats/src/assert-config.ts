import { ShoalError } from "@shoal/core";

export interface ConfigDifference {
  readonly field: string;
  readonly asked: unknown;
  readonly got: unknown;
}

/** What was asked for and is not there. Servers drop options that they don't know without a word, and fill in what was not asked for. */
export function configDifference(asked: object, got: object): ConfigDifference | undefined {
  for (const [field, value] of Object.entries(asked)) {
    const other = (got as Record<string, unknown>)[field];
    if (value !== null && typeof value === "object" && !Array.isArray(value)) {
      const inner = configDifference(value as object, (other ?? {}) as object);
      if (inner !== undefined) return { ...inner, field: `${field}.${inner.field}` };
    } else if (!isSame(value, other)) return { field, asked: value, got: other };
  }
  return undefined;
}

/** @param what As in `the stream shoal-queue`. @throws `engine-config` */
export function assertConfig(what: string, asked: object, got: object): void {
  const difference = configDifference(asked, got);
  if (difference === undefined) return;
  const { field } = difference;
  throw new ShoalError("engine-config", `NATS keeps ${what} with ${field} ${JSON.stringify(difference.got) ?? "unset"}, where ${JSON.stringify(difference.asked)} was asked for.`, {
    hint: "Give all gateways, and whoever asks, the same settings (replicas, prefix) and all servers the same version; else remove it while no gateway runs, or use another prefix.",
    details: { ...difference },
  });
}

/** What is left out of an answer is nothing. */
function isSame(asked: unknown, got: unknown): boolean {
  if (Array.isArray(asked)) return JSON.stringify(asked) === JSON.stringify(got);
  return asked === got || (got === undefined && (asked === 0 || asked === false || asked === ""));
}
