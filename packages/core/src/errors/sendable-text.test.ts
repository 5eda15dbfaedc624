import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sendableText } from "./sendable-text.js";

describe("a status message on its way", () => {
  it("is the same when it is short, of whatever letters", () => {
    for (const text of ["", "no such order", "ø€😀", "50 % of it", "x".repeat(2045)])
      expect(sendableText(text)).toBe(text);
    expect(sendableText("\ud800")).toBe("\ufffd");
  });

  it("is well formed, at most 2 KiB when encoded, and the beginning of what was said", () => {
    const texts = fc.oneof(
      fc.string({ unit: "binary", maxLength: 800, size: "max" }),
      fc
        .tuple(fc.constantFrom("a", " ", "%", "ø", "€", "😀", "\ud800"), fc.nat(4000))
        .map(([unit, n]) => unit.repeat(n)),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const sent = sendableText(text);
        expect(sent.isWellFormed()).toBe(true);
        expect(encodeURI(sent).length).toBeLessThanOrEqual(2048);
        const kept = sent === text.toWellFormed() ? sent : sent.slice(0, -3);
        expect(text.toWellFormed().startsWith(kept)).toBe(true);
        if (encodeURI(text.toWellFormed()).length <= 2045) expect(sent).toBe(text.toWellFormed());
      }),
      { numRuns: 200 },
    );
  });
});
