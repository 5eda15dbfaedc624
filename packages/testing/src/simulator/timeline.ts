/** A stretch of simulated time; one that has not ended goes on. */
export interface Span {
  readonly fromMs: number;
  toMs: number;
}

/** Stretches of time in which something was the case. */
export class Timeline {
  readonly spans: Span[];

  constructor(spans: Span[] = []) {
    this.spans = spans;
  }

  begin(atMs: number): void {
    if (this.#open === undefined) this.spans.push({ fromMs: atMs, toMs: Infinity });
  }

  end(atMs: number): void {
    if (this.#open) this.#open.toMs = atMs;
  }

  /** Whether it was the case at any time of these. */
  overlaps(fromMs: number, toMs: number): boolean {
    return this.spans.some((span) => span.fromMs <= toMs && span.toMs >= fromMs);
  }

  /** When both were the case. */
  and(other: Timeline): Timeline {
    const both = this.spans.flatMap((a) =>
      other.spans
        .map((b) => ({ fromMs: Math.max(a.fromMs, b.fromMs), toMs: Math.min(a.toMs, b.toMs) }))
        .filter(({ fromMs, toMs }) => fromMs < toMs),
    );
    return new Timeline(both);
  }

  get #open(): Span | undefined {
    const last = this.spans.at(-1);
    return last?.toMs === Infinity ? last : undefined;
  }
}
