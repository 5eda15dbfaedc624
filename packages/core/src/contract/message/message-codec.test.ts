import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bothCodecs, difference, outcome, type Both } from "./fixtures/general-path.js";
import { hostileSchemas, schemas, type Schema } from "./fixtures/schema.js";
import { messages, wrongMessages } from "./fixtures/values.js";
import { damaged, wireBytes } from "./fixtures/wire.js";

const names = ["A", "B", "C", "D"];
/** `ROLLCALL_TEST_CODEC_RUNS=20000` looks further. */
const numRuns = Number(process.env["ROLLCALL_TEST_CODEC_RUNS"] ?? 150);
const perSchema = 12;

interface Compared {
  readonly schema: Schema;
  readonly name: string;
  readonly both: Both;
}

/** `perSchema` samples of each schema: loading one takes longer than to compare a message. */
function compareOver<T>(
  from: fc.Arbitrary<Schema>,
  samples: (compared: Compared) => fc.Arbitrary<T>,
  run: (both: Both, sample: T) => string | undefined,
): void {
  let compared = 0;
  fc.assert(
    fc.property(from, fc.constantFrom(...names), fc.integer(), (schema, name, seed) => {
      const both = bothCodecs(schema, names)?.get(name);
      if (!both) return;
      for (const sample of fc.sample(samples({ schema, name, both }), { seed, numRuns: perSchema })) {
        const found = run(both, sample);
        if (found !== undefined) throw new Error(`${name} of ${JSON.stringify(schema.json)}\n${found}`);
        compared++;
      }
    }),
    { numRuns },
  );
  // Schemas that protobufjs refuses must not be all there was.
  expect(compared).toBeGreaterThan((numRuns * perSchema) / 4);
}

function encoded({ general, ours }: Both, message: object): string | undefined {
  return difference(
    outcome(() => general.encode(message)),
    outcome(() => ours.encode(message)),
  );
}

function decoded({ general, ours }: Both, bytes: Uint8Array): string | undefined {
  const buffer = Buffer.from(bytes);
  return difference(
    outcome(() => general.decode(buffer)),
    outcome(() => ours.decode(buffer)),
  );
}

/** Messages that can be serialised, as bytes. */
function bytesOf({ schema, name, both }: Compared): fc.Arbitrary<Uint8Array> {
  return messages(schema, name).map((message) => {
    try {
      return both.general.encode(message);
    } catch {
      return new Uint8Array();
    }
  });
}

describe.each([
  ["of any fields", schemas],
  ["with names that nobody should give", hostileSchemas],
])("messages %s", (_, from) => {
  it("are written as protobufjs writes them", () => {
    compareOver(from, ({ schema, name }) => messages(schema, name), encoded);
  });

  it("are written or refused as protobufjs does, whatever the values", () => {
    compareOver(from, ({ schema, name }) => wrongMessages(schema, name), encoded);
  });

  it("are read as protobufjs reads them", () => {
    compareOver(from, bytesOf, decoded);
  });

  it("are read or refused as protobufjs does when bytes are cut, spliced or overwritten", () => {
    compareOver(from, (compared) => damaged(bytesOf(compared)), decoded);
  });

  it("are read or refused as protobufjs does, whatever the bytes", () => {
    compareOver(from, ({ schema }) => fc.oneof(wireBytes(schema), fc.uint8Array({ maxLength: 60 })), decoded);
  });
});
