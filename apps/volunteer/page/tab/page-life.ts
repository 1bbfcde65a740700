/** What happens to a page; see the Page Lifecycle states of browsers. */
export interface PageLife {
  onVisible(visible: boolean): void;
  /** It is about to be left, if nobody keeps it. */
  onLeaving(): void;
  /** It is left, or frozen: nothing of it runs until `onBack`, if that ever comes. */
  onAway(): void;
  onBack(): void;
}

export function watchPageLife(life: PageLife): void {
  document.addEventListener("visibilitychange", () => life.onVisible(!document.hidden));
  addEventListener("beforeunload", () => life.onLeaving());
  addEventListener("pagehide", () => life.onAway());
  addEventListener("pageshow", ({ persisted }) => persisted && life.onBack());
  document.addEventListener("freeze", () => life.onAway());
  document.addEventListener("resume", () => life.onBack());
}
