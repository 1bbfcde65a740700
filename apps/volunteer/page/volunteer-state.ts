import type { ErrorData } from "@shoal/core";
import type { Done, Work } from "./agent/work.ts";
import type { Settings } from "./settings.ts";
import type { Power } from "./tab/battery.ts";
import type { Devices } from "./tab/find-devices.ts";
import type { Offer, OfferedJob, Problem } from "./tab/offer.ts";
import type { ProgramSize } from "./tab/program-size.ts";

/** What is shown. */
export type Scene =
  | { readonly kind: "reading" }
  | { readonly kind: "closed"; readonly problem: Problem }
  | { readonly kind: "welcome" }
  | { readonly kind: "working"; readonly work: Work }
  /** `finished`: the coordinator wants no more; `refused`: it can't go on, for `error`. */
  | { readonly kind: "over"; readonly how: "stopped" | "finished" | "refused"; readonly done: Done; readonly error?: ErrorData };

/** Everything that the page shows. */
export interface VolunteerState {
  readonly scene: Scene;
  readonly settings: Settings;
  /** What the coordinator said last. */
  readonly offer?: Offer;
  /** The tab's job, as the coordinator last told of it; `ownRows`: those that this tab had done of it then. */
  readonly told?: { readonly job: OfferedJob; readonly ownRows: number };
  readonly devices?: Devices;
  readonly program?: ProgramSize;
  /** Where the browser says it. */
  readonly power?: Power;
  readonly visible: boolean;
  /** Other tabs of this browser that work. */
  readonly others: number;
}
