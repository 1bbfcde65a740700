import { ShoalError, type Datasource, type Partition } from "@shoal/core";

/** What a source threw, with the place that it had reached. What is a ShoalError says that itself. */
export function sourceFailed(thrown: unknown, { name }: Pick<Datasource, "name">, partition: Partition | undefined, row: number): unknown {
  if (ShoalError.is(thrown)) return thrown;
  const { code, message } = ShoalError.from(thrown, "source-failed");
  const place = partition === undefined ? "while it named its partitions" : `${partition.id === name ? "" : `in partition ${partition.id}, `}${row === 0 ? "before its first row" : `after row ${row - 1}`}`;
  return new ShoalError(code, `The source ${name} failed, ${place}: ${message}`, {
    cause: thrown,
    hint: "A source is not asked again: let one whose reads may fail in passing try again itself.",
    details: { source: name, ...(partition !== undefined && { partition: partition.id, row }) },
  });
}
