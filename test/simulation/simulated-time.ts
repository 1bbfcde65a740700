/** Time that passes from one thing that happens to the next. What is due at one moment happens in the order in which it was asked for. */
export class SimulatedTime {
  now = 0;
  readonly #heap: { readonly at: number; readonly order: number; readonly run: () => void }[] = [];
  #order = 0;

  after(ms: number, run: () => void): void {
    this.at(this.now + Math.max(0, ms), run);
  }

  at(time: number, run: () => void): void {
    const heap = this.#heap;
    const entry = { at: Math.max(this.now, time), order: this.#order++, run };
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as typeof entry;
      if (above.at < entry.at || (above.at === entry.at && above.order < entry.order)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = entry;
  }

  /** Lets the next thing happen. False when there is none. */
  step(): boolean {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (top === undefined || last === undefined) return false;
    if (heap.length > 0) {
      let at = 0;
      for (;;) {
        let child = 2 * at + 1;
        if (child >= heap.length) break;
        const [left, right] = [heap[child], heap[child + 1]] as [typeof last, typeof last | undefined];
        if (right !== undefined && (right.at < left.at || (right.at === left.at && right.order < left.order))) child++;
        const least = heap[child] as typeof last;
        if (last.at < least.at || (last.at === least.at && last.order < least.order)) break;
        heap[at] = least;
        at = child;
      }
      heap[at] = last;
    }
    this.now = top.at;
    top.run();
    return true;
  }
}
