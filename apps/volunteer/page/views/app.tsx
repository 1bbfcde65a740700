import type { ComponentChild } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { rate } from "@shoal/volunteer/format";
import type { VolunteerState } from "../volunteer-state.ts";
import type { Volunteer } from "../volunteer.ts";
import { Closed } from "./closed.tsx";
import { Over } from "./over.tsx";
import { SchoolOfFish } from "./school-of-fish.tsx";
import { Welcome } from "./welcome.tsx";
import { Working } from "./working.tsx";

export function App({ volunteer }: { readonly volunteer: Volunteer }): ComponentChild {
  const [state, setState] = useState(volunteer.state);
  useEffect(() => volunteer.subscribe(() => setState(volunteer.state)), [volunteer]);
  useEffect(() => void (document.title = title(state)), [state]);
  const main = useFocusOfScenes(state.scene.kind);
  return (
    <>
      <header class="masthead">
        <SchoolOfFish />
        <p><strong>Shoal</strong>{state.offer !== undefined && <span> at {state.offer.name}</span>}</p>
      </header>
      <main ref={main}>{scene(state, volunteer)}</main>
    </>
  );
}

function scene(state: VolunteerState, volunteer: Volunteer): ComponentChild {
  switch (state.scene.kind) {
    case "reading": return <p class="lead" role="status">Asking the coordinator what there is to do …</p>;
    case "closed": return <Closed problem={state.scene.problem} volunteer={volunteer} />;
    case "welcome": return <Welcome state={state} volunteer={volunteer} />;
    case "working": return <Working work={state.scene.work} state={state} volunteer={volunteer} />;
    case "over": return <Over over={state.scene} volunteer={volunteer} />;
  }
}

/** After a click has replaced what was clicked, the keyboard and a screen reader go on at the new heading. */
function useFocusOfScenes(kind: VolunteerState["scene"]["kind"]): { current: HTMLElement | null } {
  const main = useRef<HTMLElement>(null);
  const shown = useRef(kind);
  useEffect(() => {
    const before = shown.current;
    shown.current = kind;
    if (before !== kind && before !== "reading") main.current?.querySelector("h1")?.focus();
  }, [kind]);
  return main;
}

function title({ scene }: VolunteerState): string {
  if (scene.kind === "over") return "Thank you · Shoal";
  if (scene.kind !== "working") return "Lend this tab · Shoal";
  const { holds, activity, rowsPerSecond } = scene.work;
  if (holds.length > 0) return "Paused · Shoal";
  return activity.kind === "computing" ? `${rate(rowsPerSecond)} rows/s · Shoal` : "At work · Shoal";
}
