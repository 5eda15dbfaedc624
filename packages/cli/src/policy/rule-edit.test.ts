import type { Rule } from "@rollcall/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clearRules, editRules, isSameRule, type RuleEdit } from "./rule-edit.js";

const canary = { version: "1.5.0" };

const target = fc.oneof(
  fc.record({ version: fc.constantFrom("1", "2") }),
  fc.record({ track: fc.constantFrom("canary", "stable") }),
  fc.record({ id: fc.constantFrom("a", "b"), version: fc.constantFrom("1", "2") }),
);
const edit: fc.Arbitrary<RuleEdit> = fc.oneof(
  fc.record({ to: target, weight: fc.nat(100) }),
  fc.record({ to: target, percent: fc.nat(100), key: fc.option(fc.constant("user"), { nil: undefined }) }),
  fc.record({ to: target, headers: fc.constantFrom({ a: "1" }, { a: "2" }) }),
);
const edits = fc.array(edit, { maxLength: 12 });

function apply(all: readonly RuleEdit[]): readonly Rule[] {
  return all.reduce<readonly Rule[]>(editRules, []);
}

describe("editing rules", () => {
  it("sets the percent of a version, and changes it in place", () => {
    const rules = editRules([], { to: canary, percent: 5 });
    expect(rules).toEqual([{ to: canary, percent: 5 }]);
    const before: Rule[] = [...rules, { to: { track: "x" }, percent: 1 }];
    expect(editRules(before, { to: canary, percent: 25 })).toEqual([{ to: canary, percent: 25 }, before[1]]);
  });

  it("keeps what an edit does not name: a user's side, a lane, a header rule's percent", () => {
    const sticky: Rule = { to: canary, percent: 5, key: "user-id", lane: "red" };
    expect(editRules([sticky], { to: canary, percent: 25 })).toEqual([{ ...sticky, percent: 25 }]);
    const header: Rule = { to: canary, headers: { a: "1" }, percent: 50 };
    expect(editRules([header], { to: canary, headers: { a: "1" }, lane: "red" })).toEqual([
      { ...header, lane: "red" },
    ]);
  });

  it("keeps rules of different kinds for one target apart", () => {
    const all = apply([
      { to: canary, percent: 5 },
      { to: canary, weight: 30 },
      { to: canary, headers: { a: "1" } },
      { to: canary, headers: { a: "2" } },
    ]);
    expect(all).toHaveLength(4);
    expect(clearRules(all, { to: canary, headers: { a: "2" } })).toHaveLength(3);
    expect(clearRules(all, { to: canary })).toEqual([]);
  });

  it("puts the weight of one instance before that of its version, which would win otherwise", () => {
    const one = { to: { id: "a" }, weight: 0 };
    const version = { to: canary, weight: 30 };
    expect(apply([version, one])).toEqual([one, version]);
    expect(apply([one, version])).toEqual([one, version]);
  });

  it("has the same outcome twice", () => {
    fc.assert(
      fc.property(edits, edit, (before, one) => {
        const once = editRules(apply(before), one);
        expect(editRules(once, one)).toEqual(once);
      }),
    );
  });

  it("never has two rules about the same, and loses none but those it clears", () => {
    fc.assert(
      fc.property(edits, edit, (before, one) => {
        const rules = apply(before);
        for (const [n, rule] of rules.entries())
          expect(rules.findIndex((each) => isSameRule(each, rule))).toBe(n);
        const after = editRules(rules, one);
        expect(rules.every((rule) => after.some((each) => isSameRule(each, rule)))).toBe(true);
        expect(clearRules(after, { to: one.to }).every((rule) => rules.includes(rule))).toBe(true);
      }),
    );
  });

  it("stores no undefined fields, so that a document equals what is read back", () => {
    fc.assert(
      fc.property(edits, (all) => {
        expect(JSON.parse(JSON.stringify(apply(all)))).toStrictEqual(apply(all));
      }),
    );
  });
});
