import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { paintWith } from "./paint.js";
import { printable, toJson } from "./printable.js";
import { table } from "./table.js";

// oxlint-disable-next-line no-control-regex -- control characters are what it must find
const controls = /[\u0000-\u001f\u007f-\u009f]/;
const plain = paintWith(false);

describe("a table", () => {
  it("aligns its columns, leaves empty ones out and breaks long texts", () => {
    const columns = [
      { title: "n", align: "right" },
      { title: "none" },
      { title: "text", maxWidth: 9 },
    ] as const;
    const rows = [
      ["1", "", "one two three"],
      ["10", "", ["a", "b"]],
    ];
    expect(table(columns, rows, plain)).toEqual([" n  text", " 1  one two", "    three", "10  a", "    b"]);
  });

  it("colours cells only where colours are wanted", () => {
    const rows = [[{ text: "up", style: "green" as const }]];
    expect(table([{ title: "state" }], rows, paintWith(true))[1]).toContain("\u001b[32mup");
    expect(table([{ title: "state" }], rows, plain)).toEqual(["state", "up"]);
  });

  it("lets no text act on the terminal", () => {
    const text = fc.string({ unit: "binary" });
    fc.assert(
      fc.property(text, (hostile) => {
        expect(printable(hostile)).not.toMatch(controls);
        expect(toJson({ hostile })).not.toMatch(controls);
        expect(JSON.parse(toJson({ hostile }))).toEqual({ hostile });
        expect(table([{ title: "t", maxWidth: 20 }], [[hostile]], plain).join("")).not.toMatch(controls);
      }),
    );
  });
});
