import type { ComponentChild } from "preact";
import type { Problem } from "../tab/offer.ts";
import type { Volunteer } from "../volunteer.ts";

/** Of a link that lets nobody in. */
export function Closed({ problem, volunteer }: { readonly problem: Problem; readonly volunteer: Volunteer }): ComponentChild {
  return (
    <section role="alert">
      <h1 tabIndex={-1}>{problem.title}</h1>
      <p class="lead">{problem.advice}</p>
      {problem.again && <button type="button" class="main" onClick={() => void volunteer.read()}>Try again</button>}
    </section>
  );
}
