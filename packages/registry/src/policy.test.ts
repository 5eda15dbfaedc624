import type { RolloutPolicy, Rule } from "@rollcall/core";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { longestDocumentBytes } from "./json-document.js";
import { decodePolicy, encodePolicy, mostRules, policyFault } from "./policy.js";
import { heaviestWeight } from "./record.js";

function decode(value: string | Uint8Array): RolloutPolicy | string {
  const decoded = decodePolicy(Buffer.from(value));
  return "policy" in decoded ? decoded.policy : decoded.rejected;
}

const plain: RolloutPolicy = { gen: 1, stable: "1.4.0", rules: [], by: "ann", reason: "first", at: 1000 };
const canary = { version: "1.5.0" };
const rollout = {
  id: "r1",
  to: "1.5.0",
  from: "1.4.0",
  state: "running",
  steps: [1, 10, 50, 100],
  step: 1,
  intervalMs: 60_000,
  maxErrorRate: 0.01,
  minSamples: 100,
  startedAt: 1,
  stepAt: 2,
} as const;

const word = fc.stringMatching(/^[\w.:/äß-]{1,20}$/).filter((value) => value !== "__proto__");
const key = fc
  .stringMatching(/^[0-9a-z_.-]{1,12}$/)
  .filter((value) => !/^grpc-|-bin$|^__proto__$/.test(value));
const share = fc.oneof(fc.nat(100), fc.double({ min: 0, max: 100, noNaN: true }));
const labels = fc.dictionary(word, word, { minKeys: 1, maxKeys: 3, noNullPrototype: true });
const targets = fc.oneof(
  fc.record({ version: word, track: word }, { requiredKeys: ["version"] }),
  fc.record({ id: word, labels }, { requiredKeys: ["labels"] }),
);
const lane = fc.stringMatching(/^[a-z0-9]{1,10}$/);
const headers = fc.dictionary(key, fc.stringMatching(/^[ -~]{0,20}$/), {
  minKeys: 1,
  maxKeys: 3,
  noNullPrototype: true,
});
const rules: fc.Arbitrary<Rule> = fc.oneof(
  fc.record({ to: targets, weight: fc.double({ min: 0, max: heaviestWeight, noNaN: true }) }),
  fc.record({ to: targets, headers, percent: share, key, lane }, { requiredKeys: ["to", "headers"] }),
  fc.record(
    { to: targets, percent: share.map((percent) => percent / 10), key, lane },
    { requiredKeys: ["to", "percent"] },
  ),
);
const rollouts = fc.record({
  id: word,
  to: word,
  from: word,
  state: fc.constantFrom("running" as const, "paused" as const, "promoted" as const, "aborted" as const),
  steps: fc
    .uniqueArray(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 10 })
    .map((steps) => steps.toSorted((a, b) => a - b)),
  step: fc.constant(0),
  intervalMs: fc.nat(),
  maxErrorRate: fc.double({ min: 0, max: 1, noNaN: true }),
  maxP99Ratio: fc.option(fc.double({ min: 1, max: 10, noNaN: true }), { nil: undefined }),
  minSamples: fc.nat(1_000_000_000),
  startedAt: fc.nat(),
  stepAt: fc.nat(),
});
const policies: fc.Arbitrary<RolloutPolicy> = fc.record({
  gen: fc.integer({ min: 1 }),
  // A percent rule must not be for it.
  stable: word.map((version) => `stable ${version}`),
  rules: fc.array(rules, { maxLength: 10 }),
  rollout: fc.option(rollouts, { nil: undefined }),
  by: word,
  reason: word,
  at: fc.nat(),
});

test("reads what it wrote", () => {
  fc.assert(
    fc.property(policies, (policy) => {
      expect(policyFault(policy)).toBeUndefined();
      // JSON has no -0.
      expect(decode(encodePolicy(policy))).toEqual(JSON.parse(JSON.stringify(policy)));
    }),
  );
});

test("never throws, and lets nothing through that it would not write", () => {
  const fields = fc.constantFrom("to", "headers", "percent", "key", "weight", "lane");
  const hostileRule = fc.dictionary(fields, fc.oneof(fc.jsonValue(), fc.constant(canary), fc.constant(50)));
  const hostile = fc.oneof(
    fc.json(),
    fc.string(),
    fc.array(hostileRule).map((rules) => JSON.stringify({ ...plain, rules })),
    fc
      .dictionary(fc.constantFrom(...Object.keys(rollout)), fc.jsonValue())
      .map((part) => JSON.stringify({ ...plain, rollout: { ...rollout, ...part } })),
  );
  fc.assert(
    fc.property(hostile, (value) => {
      const decoded = decode(value);
      if (typeof decoded === "object") expect(policyFault(decoded)).toBeUndefined();
    }),
    { numRuns: 2000 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (value) => {
      decode(value);
    }),
  );
});

test("tolerates fields it does not know, and drops them", () => {
  const value = JSON.stringify({
    ...plain,
    v: 2,
    rules: [{ to: { ...canary, zone: "a" }, percent: 5, note: "later" }],
    rollout: { ...rollout, later: [1] },
  });
  expect(decode(value)).toEqual({ ...plain, rules: [{ to: canary, percent: 5 }], rollout });
});

test("gives policies nobody can change", () => {
  const policy = {
    ...plain,
    rules: [{ to: { labels: { a: "b" } }, headers: { "x-beta": "1" } }],
    rollout,
  };
  const decoded = decode(encodePolicy(policy)) as RolloutPolicy;
  const [rule] = decoded.rules;
  const parts = [decoded, decoded.rules, rule, rule?.to, rule?.to.labels, rule?.headers, decoded.rollout];
  expect(parts.every((part) => part !== undefined && Object.isFrozen(part))).toBe(true);
  expect(Object.isFrozen(decoded.rollout?.steps)).toBe(true);
});

describe("rules that are refused, with their index and field", () => {
  test.each<[object, RegExp]>([
    [{}, /^rules\[1\]\.to: /],
    [{ to: {}, percent: 5 }, /^rules\[1\]\.to: chooses nothing/],
    [{ to: { labels: {} }, percent: 5 }, /^rules\[1\]\.to: chooses nothing/],
    [{ to: { version: "" }, percent: 5 }, /^rules\[1\]\.to\.version: /],
    [{ to: { version: "a\nb" }, percent: 5 }, /^rules\[1\]\.to\.version: has control characters/],
    [{ to: canary }, /^rules\[1\]: does nothing: give weight, headers or percent/],
    [{ to: canary, weight: 1, percent: 5 }, /^rules\[1\]\.percent: is not for a rule with weight/],
    [{ to: canary, weight: 1, headers: { a: "b" } }, /^rules\[1\]\.headers: is not for a rule with weight/],
    [{ to: canary, weight: 1, lane: "a" }, /^rules\[1\]\.lane: is not for a rule with weight/],
    [{ to: canary, weight: -1 }, /^rules\[1\]\.weight: is -1; allowed: 0 to 1000000/],
    [{ to: canary, weight: 1_000_001 }, /^rules\[1\]\.weight: is 1000001; /],
    [{ to: canary, weight: "1" }, /^rules\[1\]\.weight: is "1"; /],
    [{ to: canary, percent: 100.1 }, /^rules\[1\]\.percent: is 100.1; allowed: 0 to 100/],
    [{ to: canary, percent: -0.1 }, /^rules\[1\]\.percent: is -0.1; /],
    [{ to: canary, percent: null }, /^rules\[1\]\.percent: is null; /],
    [{ to: canary, percent: 60 }, /^rules\[1\]\.percent: brings the sum of all percent rules to 110; /],
    [{ to: canary, headers: {} }, /^rules\[1\]\.headers: is empty/],
    [{ to: canary, headers: { "X-Beta": "1" } }, /^rules\[1\]\.headers\.X-Beta: is not a lower-case/],
    [{ to: canary, headers: { ":path": "1" } }, /^rules\[1\]\.headers\.:path: is not a lower-case/],
    [{ to: canary, headers: { "grpc-timeout": "1" } }, /grpc-timeout: is reserved/],
    [{ to: canary, headers: { "x-bin": "1" } }, /x-bin: is a binary key/],
    [{ to: canary, headers: { "x-beta": "ä" } }, /x-beta: has characters that metadata cannot carry/],
    [{ to: canary, headers: { "x-beta": 1 } }, /^rules\[1\]\.headers\.x-beta: /],
    [{ to: canary, percent: 5, key: "X" }, /^rules\[1\]\.key: is not a lower-case metadata key/],
    [{ to: canary, percent: 5, lane: "" }, /^rules\[1\]\.lane: is not a label/],
    [{ to: canary, percent: 5, lane: "a b" }, /^rules\[1\]\.lane: is not a label/],
    [{ to: canary, percent: 5, lane: "x".repeat(64) }, /^rules\[1\]\.lane: /],
  ])("%j", (rule, reason) => {
    const policy = { ...plain, rules: [{ to: { track: "beta" }, percent: 50 }, rule] } as RolloutPolicy;
    expect(decode(JSON.stringify(policy))).toMatch(reason);
    expect(policyFault(policy)).toMatch(reason);
  });
});

describe("policies that are refused", () => {
  test.each<[object, RegExp]>([
    [{ gen: 0 }, /^gen: is 0; allowed: whole numbers from 1/],
    [{ gen: 1.5 }, /^gen: is 1.5; /],
    [{ stable: "" }, /^stable: /],
    [{ stable: undefined }, /^stable: /],
    [{ rules: {} }, /^rules: /],
    [
      { rules: [{ to: canary, percent: 5 }], stable: canary.version },
      /^rules\[0\]\.percent: is for the stable version /,
    ],
    [
      { rules: Array.from({ length: mostRules + 1 }, () => ({ to: canary, weight: 1 })) },
      /^rules: has 101 rules/,
    ],
    [{ at: -1 }, /^at: is -1/],
    [{ by: "a\u0000" }, /^by: has control characters/],
    [{ reason: "\u2028" }, /^reason: has control characters/],
    [{ rollout: { ...rollout, id: "" } }, /^rollout\.id: /],
    [{ rollout: { ...rollout, state: "done" } }, /^rollout\.state: /],
    [{ rollout: { ...rollout, steps: [] } }, /^rollout\.steps: /],
    [{ rollout: { ...rollout, steps: [0, 5] } }, /^rollout\.steps\[0\]: is 0; allowed: more than 0/],
    [{ rollout: { ...rollout, steps: [5, 101] } }, /^rollout\.steps\[1\]: is 101; /],
    [{ rollout: { ...rollout, steps: [5, 5] } }, /^rollout\.steps\[1\]: is 5 after 5: steps must rise/],
    [{ rollout: { ...rollout, step: 4 } }, /^rollout\.step: is 4; there are 4 steps, counted from 0/],
    [{ rollout: { ...rollout, step: -1 } }, /^rollout\.step: is -1/],
    [{ rollout: { ...rollout, maxErrorRate: 1.1 } }, /^rollout\.maxErrorRate: is 1.1; allowed: 0 to 1/],
    [{ rollout: { ...rollout, maxP99Ratio: 0.9 } }, /^rollout\.maxP99Ratio: is 0.9/],
    [{ rollout: { ...rollout, minSamples: 1.5 } }, /^rollout\.minSamples: is 1.5/],
    [{ rollout: { ...rollout, intervalMs: -1 } }, /^rollout\.intervalMs: is -1/],
  ])("%j", (part, reason) => {
    const policy = { ...plain, ...part } as RolloutPolicy;
    expect(decode(JSON.stringify(policy))).toMatch(reason);
    expect(policyFault(policy)).toMatch(reason);
  });

  test("with numbers that are none", () => {
    expect(policyFault({ ...plain, rules: [{ to: canary, percent: Number.NaN }] })).toMatch(
      /percent: is NaN/,
    );
    expect(policyFault({ ...plain, at: Infinity })).toMatch(/at: is Infinity/);
    expect(decode(encodePolicy(plain).replace("1000", "1e309"))).toMatch(/at: is Infinity/);
  });

  test("too long", () => {
    const labels = Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`${n}`, "ä".repeat(250)]));
    const policy = { ...plain, rules: Array.from({ length: 20 }, () => ({ to: { labels }, weight: 1 })) };
    expect(policyFault(policy)).toMatch(/is a document of \d+ bytes, more than 65536/);
    expect(decode(encodePolicy(policy))).toMatch(/has \d+ bytes, more than 65536/);
    expect(decode(" ".repeat(longestDocumentBytes + 1))).toMatch(/has 65537 bytes/);
  });

  test.each([
    ["", /not JSON in UTF-8/],
    ["{", /not JSON in UTF-8/],
    ["null", /expected object/],
    ["[]", /expected object/],
    [`"1.4.0"`, /expected object/],
    [`{"__proto__":{"gen":1}}`, /has a key __proto__/],
    [`{"rules":[{"to":{"labels":{"__pr\\u006fto__":"x"}}}]}`, /has a key __proto__/],
    [`${`{"a":`.repeat(1000)}1${"}".repeat(1000)}`, /nested more than 32 levels deep/],
    ["[".repeat(60_000), /not JSON/],
    ["[".repeat(30_000) + "]".repeat(30_000), /nested more than 32 levels deep/],
  ])("%.40s", (value, reason) => {
    expect(decode(value)).toMatch(reason);
  });

  test("not UTF-8", () => {
    expect(decode(Buffer.from([0x22, 0xff, 0x22]))).toMatch(/not JSON in UTF-8/);
  });
});

describe("policies that are taken", () => {
  test.each<[string, readonly Rule[]]>([
    [
      "percents that sum up to 100 but for rounding",
      [33.3, 33.3, 33.4].map((percent) => ({ to: canary, percent })),
    ],
    [
      "a header rule for all next to percents that sum up to 100",
      [
        { to: canary, percent: 100 },
        { to: canary, headers: { "x-beta": "1" }, percent: 100 },
      ],
    ],
    ["a closed target", [{ to: canary, percent: 0, key: "x-user", lane: "beta" }]],
    ["an instance taken out", [{ to: { id: "10.0.0.1:80" }, weight: 0 }]],
  ])("%s", (_, rules) => {
    expect(policyFault({ ...plain, rules })).toBeUndefined();
    expect(decode(encodePolicy({ ...plain, rules }))).toEqual({ ...plain, rules });
  });
});
