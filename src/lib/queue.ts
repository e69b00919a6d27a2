/**
 * First-in first-out dispatch that drains completely before it returns: events that the handler emits while it runs
 * are handled after the current one, in order.
 */
export class Dispatcher<E> {
  readonly #handle: (event: E) => void;
  readonly #inbox: E[] = [];
  #draining = false;

  constructor(handle: (event: E) => void) {
    this.#handle = handle;
  }

  dispatch(event: E): void {
    this.#inbox.push(event);
    if (this.#draining) return;
    this.#draining = true;
    try {
      for (let next = this.#inbox.shift(); next !== undefined; next = this.#inbox.shift()) this.#handle(next);
    } finally {
      this.#draining = false;
    }
  }
}
