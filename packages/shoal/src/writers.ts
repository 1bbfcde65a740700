import { Dataset, type JobReport, type RunSettings } from "@shoal/dataset";
import { arrow, csv, jsonl, parquet, type OutputPlace } from "@shoal/io";

type Options<Sink extends (path: string, ...options: never) => unknown> = NonNullable<Parameters<Sink>[1]> & RunSettings;

declare module "@shoal/dataset" {
  interface Dataset<R> {
    /** Runs now and writes JSON Lines: a folder of part files, or one file where the path ends in `.jsonl`; or into a `memoryFile`. */
    writeJsonl(path: string | OutputPlace, options?: Options<typeof jsonl>): Promise<JobReport>;
    /** Runs now and writes CSV. */
    writeCsv(path: string | OutputPlace, options?: Options<typeof csv>): Promise<JobReport>;
    /** Runs now and writes Parquet. */
    writeParquet(path: string | OutputPlace, options?: Options<typeof parquet>): Promise<JobReport>;
    /** Runs now and writes Arrow IPC files. */
    writeArrow(path: string | OutputPlace, options?: Options<typeof arrow>): Promise<JobReport>;
  }
}

// `dataset` knows no formats, so that it needs no `io`; here the two meet.
Object.assign(Dataset.prototype, {
  writeJsonl: writer(jsonl),
  writeCsv: writer(csv),
  writeParquet: writer(parquet),
  writeArrow: writer(arrow),
});

function writer(sink: typeof jsonl | typeof csv | typeof parquet | typeof arrow) {
  return function (this: Dataset, path: string | OutputPlace, options: RunSettings = {}): Promise<JobReport> {
    return this.write(sink(path, options as never), options);
  };
}
