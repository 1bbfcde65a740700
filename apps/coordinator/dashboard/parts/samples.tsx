import type { JobSnapshot } from "@shoal/cluster";
import { useState } from "preact/hooks";
import { cellText, isPicture } from "../cell-text.ts";

type Sample = JobSnapshot["samples"][number];
const shortLength = 110;

/** Rows that were done lately, the newest first. They stand still while one is held or opened, so that it can be read. */
export function Samples({ samples }: { readonly samples: readonly Sample[] }) {
  const [held, hold] = useState<readonly Sample[]>();
  const shown = held ?? samples;
  return (
    <section class="samples">
      <h3>
        Finished rows <small>{held === undefined ? "as they come" : "held"}</small>
        <button type="button" class="quiet" aria-pressed={held !== undefined} onClick={() => hold(held === undefined ? samples : undefined)}>{held === undefined ? "Hold" : "Follow again"}</button>
      </h3>
      <ul tabIndex={0} aria-label="Finished rows">
        {keyed(shown).map(([key, sample]) => <li key={key}><Card sample={sample} onOpen={() => hold(shown)} /></li>)}
      </ul>
    </section>
  );
}

function Card({ sample, onOpen }: { readonly sample: Sample; readonly onOpen: () => void }) {
  return (
    <dl>
      {Object.entries(sample).toSorted((a, b) => Number(isPicture(b[1])) - Number(isPicture(a[1]))).map(([column, value]) => (
        <div key={column}>
          <dt>{column}</dt>
          <dd>{isPicture(value) ? <img src={value} alt={column} /> : <Text text={cellText(value)} number={typeof value === "number"} onOpen={onOpen} />}</dd>
        </div>
      ))}
    </dl>
  );
}

function Text({ text, number, onOpen }: { readonly text: string; readonly number: boolean; readonly onOpen: () => void }) {
  const [open, setOpen] = useState(false);
  if (text.length <= shortLength) return <span class={number ? "number" : ""}>{text}</span>;
  const toggle = () => {
    if (!open) onOpen();
    setOpen(!open);
  };
  return (
    <>
      {open ? text : `${text.slice(0, shortLength).trimEnd()} … `}
      <button type="button" class="link" aria-expanded={open} onClick={toggle}>{open ? "less" : "more"}</button>
    </>
  );
}

/** Rows have no name of their own: they are told apart by what they say, and equal ones by their place. Pictures are long, and differ early enough. */
function keyed(samples: readonly Sample[]): readonly (readonly [key: string, sample: Sample])[] {
  const seen = new Map<string, number>();
  return samples.map((sample) => {
    const text = JSON.stringify(sample, (_, value: unknown) => (typeof value === "string" && value.length > 400 ? `${value.slice(0, 400)}${value.length}` : value));
    const times = seen.get(text) ?? 0;
    seen.set(text, times + 1);
    return [`${text}#${times}`, sample];
  });
}
