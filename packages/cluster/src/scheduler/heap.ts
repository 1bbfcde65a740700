/** Things of which the least is taken first. Of equal ones the one that came first, so that runs repeat. */
export class Heap<T> {
  readonly #items: { readonly item: T; readonly order: number }[] = [];
  readonly #less: (a: T, b: T) => boolean;
  #order = 0;

  constructor(less: (a: T, b: T) => boolean) {
    this.#less = less;
  }

  get size(): number {
    return this.#items.length;
  }

  peek(): T | undefined {
    return this.#items[0]?.item;
  }

  push(item: T): void {
    const items = this.#items;
    const entry = { item, order: this.#order++ };
    let at = items.length;
    items.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#before(entry, items[parent] as typeof entry)) break;
      items[at] = items[parent] as typeof entry;
      at = parent;
    }
    items[at] = entry;
  }

  pop(): T | undefined {
    const items = this.#items;
    const top = items[0];
    const last = items.pop();
    if (top === undefined || last === undefined || items.length === 0) return top?.item;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && this.#before(items[child + 1] as typeof last, items[child] as typeof last)) child++;
      if (!this.#before(items[child] as typeof last, last)) break;
      items[at] = items[child] as typeof last;
      at = child;
    }
    items[at] = last;
    return top.item;
  }

  #before(a: { readonly item: T; readonly order: number }, b: { readonly item: T; readonly order: number }): boolean {
    if (this.#less(a.item, b.item)) return true;
    return !this.#less(b.item, a.item) && a.order < b.order;
  }
}
