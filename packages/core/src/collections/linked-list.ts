/**
 * A value's place in a list. No object literal: V8 counts how many of those that a literal makes outlive a collection, and
 * where most do, as while a young process has many calls under way, makes all later ones among the old objects. Each would
 * then keep its call in memory until the whole heap is collected.
 */
export class Link<T> {
  readonly value: T;
  /** Undefined once it has been removed. */
  list: LinkedList<T> | undefined;
  previous: Link<T> | undefined;
  next: Link<T> | undefined = undefined;

  constructor(value: T, list: LinkedList<T>, previous: Link<T> | undefined) {
    this.value = value;
    this.list = list;
    this.previous = previous;
  }
}

/**
 * Values that come and go, in the order in which they came. For what each call adds and removes a Set or Map is no good: V8
 * makes a new table whenever one is full, the old one leads to the new one, and once one of them has grown old, every call
 * that was in a later one stays in memory until the whole heap is collected.
 */
export class LinkedList<T> {
  #first: Link<T> | undefined;
  #last: Link<T> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The one that has been there longest. */
  get first(): T | undefined {
    return this.#first?.value;
  }

  add(value: T): Link<T> {
    const link = new Link(value, this, this.#last);
    if (this.#last) this.#last.next = link;
    else this.#first = link;
    this.#last = link;
    this.#size++;
    return link;
  }

  /** Does nothing for a link that is no longer there. */
  remove(link: Link<T>): void {
    if (link.list !== this) return;
    const { previous, next } = link;
    if (previous) previous.next = next;
    else this.#first = next;
    if (next) next.previous = previous;
    else this.#last = previous;
    // One that has grown old must not lead to those after it.
    link.list = undefined;
    link.previous = undefined;
    link.next = undefined;
    this.#size--;
  }

  /** Takes the first out. */
  shift(): Link<T> | undefined {
    const link = this.#first;
    if (link) this.remove(link);
    return link;
  }

  /** Those that are there now. */
  values(): T[] {
    const values: T[] = [];
    for (let link = this.#first; link; link = link.next) values.push(link.value);
    return values;
  }
}
