import { ConfigError } from "@rollcall/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsonValues } from "./json-values.js";

async function read(...pieces: readonly string[]): Promise<unknown[]> {
  const values: unknown[] = [];
  for await (const value of jsonValues(pieces, "the request")) values.push(value);
  return values;
}

describe("JSON values in a text", () => {
  it.each<[string, unknown[]]>([
    ["", []],
    [" \n\t", []],
    ['{"a":1}{"b":[2]} [3]', [{ a: 1 }, { b: [2] }, [3]]],
    ['{"a":"}\\"{"}\r\n{"b":"\\\\"}', [{ a: '}"{' }, { b: "\\" }]],
    ['1 2\ntrue"x"null{}', [1, 2, true, "x", null, {}]],
    ['"a""b"', ["a", "b"]],
    [
      '{"big":9007199254740993,"low":-9223372036854775808}',
      [{ big: "9007199254740993", low: "-9223372036854775808" }],
    ],
    ['{"big":1e300,"small":0.1}', [{ big: 1e300, small: 0.1 }]],
  ])("are found in %j", async (text, values) => {
    expect(await read(text)).toEqual(values);
    expect(await read(...Array.from(text))).toEqual(values);
  });

  it("are the same however the text is cut", async () => {
    const texts = fc.array(fc.json(), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(texts, fc.integer({ min: 1, max: 7 }), async (values, size) => {
        const text = values.join("\n");
        const pieces = text.match(new RegExp(`[^]{1,${size}}`, "g")) ?? [];
        expect(JSON.stringify(await read(...pieces))).toBe(JSON.stringify(await read(text)));
        expect(await read(text)).toHaveLength(values.length);
      }),
    );
  });

  it("come as soon as they are complete", async () => {
    const { promise: more, resolve } = Promise.withResolvers<void>();
    const values = jsonValues(
      (async function* () {
        yield '{"a":1} {"b"';
        await more;
        yield ":2}";
      })(),
      "the request",
    )[Symbol.asyncIterator]();
    expect((await values.next()).value).toEqual({ a: 1 });
    resolve();
    expect((await values.next()).value).toEqual({ b: 2 });
    expect((await values.next()).done).toBe(true);
  });

  it.each(["{", '{"a":1} }', "[1,]", '"open', "tru", "{'a':1}", "{} ,{}", "\u0000"])(
    "are refused in %j with a reason",
    async (text) => {
      await expect(read(text)).rejects.toThrow(ConfigError);
      await expect(read(text)).rejects.toThrow(/^value \d of the request is no JSON: /);
    },
  );
});
