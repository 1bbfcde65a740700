import type { ComponentChild } from "preact";
import { plural } from "@shoal/volunteer/format";
import type { VolunteerState } from "../volunteer-state.ts";
import type { Volunteer } from "../volunteer.ts";

type OverScene = Extract<VolunteerState["scene"], { kind: "over" }>;

/** After the work. */
export function Over({ over, volunteer }: { readonly over: OverScene; readonly volunteer: Volunteer }): ComponentChild {
  const thanks = over.done.rows > 0 ? `Thank you: you did ${plural(over.done.rows, "row")}` : "Thank you";
  return (
    <section>
      <h1 tabIndex={-1}>{over.how === "refused" && over.done.rows === 0 ? "It can't go on" : thanks}</h1>
      <p class="lead">{explanation(over)}</p>
      {over.how === "refused" && over.error?.hint !== undefined && <p>{over.error.hint}</p>}
      {!isClosed(over) && <button type="button" class="main" onClick={() => void volunteer.startAgain()}>Start again</button>}
    </section>
  );
}

const closing = new Set(["invite-revoked", "token-expired", "bad-token", "not-allowed"]);

/** The link lets nobody in any more: starting again can't succeed. */
function isClosed({ how, error }: OverScene): boolean {
  return how === "refused" && closing.has(error?.code ?? "");
}

function explanation({ how, done, error }: OverScene): string {
  if (how === "refused") return error?.message ?? "The coordinator refused this tab.";
  if (how === "finished") return "The job is over. You can close this tab.";
  return done.rows > 0 ? "Nothing runs in this tab any more. What you did is kept." : "Nothing runs in this tab any more.";
}
