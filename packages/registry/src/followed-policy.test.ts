import type { RolloutPolicy } from "@rollcall/core";
import { beforeEach, expect, test } from "vitest";
import { FollowedPolicy } from "./followed-policy.js";
import { encodePolicy } from "./policy.js";

const first: RolloutPolicy = { gen: 1, stable: "1", rules: [], by: "", reason: "", at: 0 };
const bytes = (policy: RolloutPolicy): Buffer => Buffer.from(encodePolicy(policy));

let rejected: string[];
let followed: FollowedPolicy;
beforeEach(() => {
  rejected = [];
  followed = new FollowedPolicy((_, why) => rejected.push(why));
});

test("has none before it saw one, whatever it saw", () => {
  expect(followed.update(undefined)).toBe(false);
  expect(followed.update(Buffer.from("{"))).toBe(false);
  expect(followed.view).toEqual({ policy: undefined, lost: false });
  expect(rejected).toEqual(["is not JSON in UTF-8"]);
});

test("keeps the last good one when what follows is none", () => {
  expect(followed.update(bytes(first))).toBe(true);
  expect(followed.update(Buffer.from(`{"gen":2}`))).toBe(false);
  expect(followed.view).toEqual({ policy: first, lost: false });
  expect(followed.update(bytes({ ...first, gen: 3 }))).toBe(true);
  expect(followed.view.policy?.gen).toBe(3);
});

test("keeps the last good one as lost when the document is gone, until there is one again", () => {
  followed.update(bytes(first));
  const { policy } = followed.view;
  expect(followed.update(undefined)).toBe(true);
  expect(followed.update(undefined)).toBe(false);
  expect(followed.update(Buffer.from("{"))).toBe(false);
  expect(followed.view).toEqual({ policy: first, lost: true });
  expect(followed.update(bytes(first))).toBe(true);
  expect(followed.view).toEqual({ policy: first, lost: false });
  expect(followed.view.policy).toBe(policy);
});

test("keeps the object of a document that did not change", () => {
  followed.update(bytes(first));
  const { policy } = followed.view;
  expect(followed.update(bytes(first))).toBe(false);
  followed.update(Buffer.from("null"));
  expect(followed.update(bytes(first))).toBe(false);
  expect(followed.view.policy).toBe(policy);
});
