import type { RolloutPolicy } from "@rollcall/core";
import { z } from "zod";
import {
  longestDocumentBytes,
  numberFrom,
  parseDocument,
  reasonOf,
  shown,
  structureFault,
  textOf,
  wholeFrom,
} from "./json-document.js";
import { heaviestWeight } from "./record.js";

/** A policy, or why a document holds none. */
export type DecodedPolicy = { readonly policy: RolloutPolicy } | { readonly rejected: string };

/** How many rules a policy has at most. */
export const mostRules = 100;

/** The history's keys have 10 digits. */
const lastGen = 9_999_999_999;
/** The last millisecond that a `Date` can tell. */
const lastMs = 8.64e15;
/** A year. */
const longestIntervalMs = 366 * 86_400_000;
/** What sums of fractions may be off by: 33.3 + 33.3 + 33.4. */
const rounding = 1e-9;

const text = textOf(256);
const name = text.min(1);
const time = numberFrom(0, lastMs);
const percent = numberFrom(0, 100);

/** Binary metadata has no text to compare, and `grpc-` belongs to gRPC, which shows it to nobody. */
const metadataKey = z
  .string()
  .max(256)
  .regex(/^[0-9a-z_.-]+$/, "is not a lower-case metadata key")
  .refine((key) => !key.startsWith("grpc-"), "is reserved: keys must not start with grpc-")
  .refine((key) => !key.endsWith("-bin"), "is a binary key: its values cannot be compared");
const metadataValue = z
  .string()
  .max(1024)
  .regex(/^[ -~]*$/, "has characters that metadata cannot carry: only printable ASCII is allowed");
const lane = z
  .string()
  .max(63)
  .regex(/^[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?$/, "is not a label: letters, digits, and . _ - inside");

const target = z
  .object({
    version: name.optional(),
    track: name.optional(),
    id: name.optional(),
    labels: z.record(text, text).optional(),
  })
  .refine(
    ({ version, track, id, labels = {} }) =>
      version !== undefined || track !== undefined || id !== undefined || Object.keys(labels).length > 0,
    "chooses nothing: give version, track, id or labels",
  );

const rule = z
  .object({
    to: target,
    headers: z
      .record(metadataKey, metadataValue)
      .refine((headers) => Object.keys(headers).length > 0, "is empty: give the metadata that calls carry")
      .optional(),
    percent: percent.optional(),
    key: metadataKey.optional(),
    weight: numberFrom(0, heaviestWeight).optional(),
    lane: lane.optional(),
  })
  .superRefine((rule, { addIssue }) => {
    const fault = (path: string[], message: string): void => addIssue({ code: "custom", path, message });
    if (rule.weight === undefined && rule.headers === undefined && rule.percent === undefined)
      return fault([], "does nothing: give weight, headers or percent");
    if (rule.weight === undefined) return;
    for (const other of ["headers", "percent", "key", "lane"] as const)
      if (rule[other] !== undefined)
        fault([other], "is not for a rule with weight: make it a rule of its own");
  });

const rollout = z
  .object({
    id: name,
    to: name,
    from: name,
    state: z.enum(["running", "paused", "promoted", "aborted"]),
    steps: z
      .array(numberFrom(0, 100).gt(0, { error: "is 0; allowed: more than 0, up to 100" }))
      .min(1)
      .max(100),
    step: wholeFrom(0, 99),
    intervalMs: numberFrom(0, longestIntervalMs),
    maxErrorRate: numberFrom(0, 1),
    maxP99Ratio: numberFrom(1, 1000).optional(),
    minSamples: wholeFrom(0, 1e9),
    startedAt: time,
    stepAt: time,
  })
  .superRefine(({ steps, step }, { addIssue }) => {
    const falling = steps.findIndex((percent, index) => index > 0 && percent <= steps[index - 1]!);
    if (falling > 0) {
      const message = `is ${steps[falling]} after ${steps[falling - 1]}: steps must rise`;
      addIssue({ code: "custom", path: ["steps", falling], message });
    }
    if (step >= steps.length) {
      const message = `is ${step}; there are ${steps.length} steps, counted from 0`;
      addIssue({ code: "custom", path: ["step"], message });
    }
  });

const policyShape = z.object({
  gen: wholeFrom(1, lastGen),
  stable: name,
  rules: z
    .array(rule)
    .max(mostRules, {
      error: ({ input }) => `has ${shown((input as unknown[]).length)} rules; allowed: ${mostRules}`,
    })
    .superRefine((rules, { addIssue }) => {
      let sum = 0;
      for (const [index, { percent = 0, headers }] of rules.entries()) {
        if (headers !== undefined) continue;
        sum += percent;
        if (sum <= 100 + rounding) continue;
        const message = `brings the sum of all percent rules to ${sum}; allowed: 100`;
        return addIssue({ code: "custom", path: [index, "percent"], message });
      }
    }),
  rollout: rollout.optional(),
  by: text,
  reason: textOf(1024),
  at: time,
});

/** The stable version gets what the percent rules leave, so one of its own would contradict the others. */
const policy = policyShape.superRefine(({ stable, rules }, { addIssue }) => {
  for (const [index, { to, headers, percent }] of rules.entries()) {
    if (percent === undefined || headers !== undefined || to.version !== stable) continue;
    const message = `is for the stable version ${stable}, which gets what the other rules leave: give it to another version`;
    addIssue({ code: "custom", path: ["rules", index, "percent"], message });
  }
});

/** A policy as the document at `rollout/<service>`. Check it with `policyFault` first. */
export function encodePolicy(policy: RolloutPolicy): string {
  return JSON.stringify(policy);
}

/**
 * Reads the document at `rollout/<service>`; never throws. Fields that it does not know are ignored, so that a later
 * version may add some. The policy is frozen, whole.
 */
export function decodePolicy(value: Uint8Array): DecodedPolicy {
  const document = parseDocument(value);
  if ("rejected" in document) return document;
  const checked = policy.safeParse(document.parsed);
  return checked.success ? { policy: freeze(checked.data) } : { rejected: reasonOf(checked.error) };
}

/** Why a policy cannot be stored, with the rule and field: `rules[2].percent: ...`; undefined when it can. The same rules as for reading. */
export function policyFault(given: RolloutPolicy): string | undefined {
  const structure = structureFault(given);
  if (structure !== undefined) return structure;
  const checked = policy.safeParse(given);
  if (!checked.success) return reasonOf(checked.error);
  const { byteLength } = Buffer.from(encodePolicy(given));
  return byteLength > longestDocumentBytes
    ? `is a document of ${byteLength} bytes, more than ${longestDocumentBytes}`
    : undefined;
}

function freeze<T extends object>(value: T): T {
  for (const inner of Object.values(value)) if (typeof inner === "object" && inner !== null) freeze(inner);
  return Object.freeze(value);
}
