import type { ComponentChild } from "preact";
import { shareText } from "@shoal/volunteer/format";
import { leastDutyCycle } from "../settings.ts";
import type { VolunteerState } from "../volunteer-state.ts";
import type { Volunteer } from "../volunteer.ts";

/** How much of the device is lent. */
export function Tuning({ state: { settings, power }, volunteer }: { readonly state: VolunteerState; readonly volunteer: Volunteer }): ComponentChild {
  return (
    <section class="card tuning" aria-labelledby="tuning">
      <h2 id="tuning">How much you lend</h2>
      <label class="field" for="duty">
        <span>Of the time <output id="duty-shown" for="duty" aria-live="off">{shareText(settings.dutyCycle)}</output></span>
        <input
          id="duty" type="range" min={100 * leastDutyCycle} max={100} step={5} value={Math.round(100 * settings.dutyCycle)} aria-describedby="duty-note" aria-valuetext={shareText(settings.dutyCycle)}
          onInput={({ currentTarget }) => volunteer.change({ dutyCycle: Number(currentTarget.value) / 100 })}
        />
      </label>
      <p id="duty-note" class="soft">Less keeps the device cooler and free for other things.</p>
      <label class="switch"><input type="checkbox" checked={settings.onlyVisible} onChange={({ currentTarget }) => volunteer.change({ onlyVisible: currentTarget.checked })} /> Only while this tab is visible</label>
      {power !== undefined && <label class="switch"><input type="checkbox" checked={settings.onlyMains} onChange={({ currentTarget }) => volunteer.change({ onlyMains: currentTarget.checked })} /> Only on mains{power.onMains ? "" : ` (the battery is at ${shareText(power.level)})`}</label>}
    </section>
  );
}
