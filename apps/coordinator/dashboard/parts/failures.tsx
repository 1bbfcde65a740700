import { count, plural } from "@shoal/volunteer/format";
import type { PackedSegment } from "../blocks/packed-runs.ts";
import { groupFailures, type Failure } from "../failures.ts";

interface Props {
  readonly failures: readonly Failure[];
  /** How many rows failed in all. */
  readonly rows: number;
  readonly segments: readonly PackedSegment[];
}

export function Failures({ failures, rows, segments }: Props) {
  const names = new Map(segments.map(({ segment, name }) => [segment, name]));
  return (
    <section class="failures">
      <h3>Failures <small>{rows > failures.length ? `the newest ${count(failures.length)}` : plural(failures.length, "row")}</small></h3>
      {groupFailures(failures).map(({ code, message, hint, failures: group }) => (
        <details key={code}>
          <summary><b>{count(group.length)} ×</b> <code>{code}</code> <span>{message}</span></summary>
          {hint !== undefined && <p class="hint">{hint}</p>}
          <ol>
            {group.map(({ segment, block, row, error }) => (
              <li key={`${segment} ${block} ${row}`}>
                <span class="where">{segments.length > 1 ? `${names.get(segment) ?? `segment ${segment}`}, ` : ""}block {count(block)}, row {count(row)}</span>
                {error.message !== message && <span>{error.message}</span>}
              </li>
            ))}
          </ol>
        </details>
      ))}
    </section>
  );
}
