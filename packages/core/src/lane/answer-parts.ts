import { LaneViolation } from "./lane-protocol.js";

/**
 * What has come so far of a long answer. Parts are copied: a few bytes would keep a whole batch in memory otherwise. And
 * room is made as they come, so that a peer that only promises an answer takes none.
 */
export class AnswerParts {
  readonly #total: number;
  #bytes: Buffer;
  #length = 0;

  /** @param total bytes of the whole answer */
  constructor(total: number, first: Buffer) {
    this.#total = total;
    this.#bytes = Buffer.allocUnsafeSlow(Math.min(total, 2 * first.length));
    this.add(total, first);
  }

  /** @throws LaneViolation for more than was said at first */
  add(total: number, part: Buffer): void {
    if (total !== this.#total)
      throw new LaneViolation(`an answer of ${this.#total} bytes that became one of ${total}`);
    const end = this.#length + part.length;
    if (end > total) throw new LaneViolation(`more than the ${total} bytes of an answer`);
    if (end > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.min(total, 2 * end));
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
    }
    part.copy(this.#bytes, this.#length);
    this.#length = end;
  }

  /**
   * The answer, with its last part.
   * @throws LaneViolation when it is shorter or longer than was said
   */
  end(last: Buffer): Buffer {
    this.add(this.#total, last);
    if (this.#length !== this.#total)
      throw new LaneViolation(`an answer of ${this.#total} bytes, of which ${this.#length} came`);
    return this.#bytes.subarray(0, this.#length);
  }
}
