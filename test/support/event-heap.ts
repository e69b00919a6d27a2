interface Planned {
  readonly at: number;
  readonly order: number;
  readonly happen: () => void;
}

/** What is going to happen, soonest first; at the same time in the order in which it was planned. */
export class EventHeap {
  readonly #heap: Planned[] = [];
  #order = 0;

  /** When the next thing happens; undefined: nothing will. */
  get nextAt(): number | undefined {
    return this.#heap[0]?.at;
  }

  plan(at: number, happen: () => void): void {
    const heap = this.#heap;
    heap.push({ at, order: this.#order++, happen });
    for (let i = heap.length - 1; i > 0;) {
      const parent = (i - 1) >>> 1;
      if (!before(heap[i]!, heap[parent]!)) break;
      [heap[i], heap[parent]] = [heap[parent]!, heap[i]!];
      i = parent;
    }
  }

  pop(): (() => void) | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined) return undefined;
    if (heap.length > 0) {
      heap[0] = last;
      this.#sink();
    }
    return first.happen;
  }

  #sink(): void {
    const heap = this.#heap;
    for (let i = 0; ;) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2]) {
        if (child < heap.length && before(heap[child]!, heap[least]!)) least = child;
      }
      if (least === i) return;
      [heap[i], heap[least]] = [heap[least]!, heap[i]!];
      i = least;
    }
  }
}

function before(a: Planned, b: Planned): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
