import type { CallerReport } from "@rollcall/core";
import { z } from "zod";
import { longestDocumentBytes, parseDocument, reasonOf, textOf, wholeFrom } from "./json-document.js";

/** A report, or why a document holds none. */
export type DecodedReport = { readonly report: CallerReport } | { readonly rejected: string };

const name = textOf(256).min(1);
const count = wholeFrom(0, Number.MAX_SAFE_INTEGER);

const counts = z
  .object({
    attempts: count,
    failures: count,
    latency: z.array(z.tuple([wholeFrom(0, 1_000_000), count]).readonly()).max(4096),
  })
  .refine(({ attempts, failures }) => failures <= attempts, "has more failures than attempts");

const report = z.object({
  // A part of a key, so without a slash.
  caller: z
    .string()
    .max(128)
    .regex(/^[\w.:-]+$/, "is not a caller's id: letters, digits, and . _ : -"),
  rollout: name,
  steps: z.array(z.object({ step: wholeFrom(0, 99), versions: z.record(name, counts) })).max(100),
});

/** A report as the document at `rollout-stats/<service>/<caller>`. */
export function encodeReport(report: CallerReport): string {
  return JSON.stringify(report);
}

/** Reads the document at `rollout-stats/<service>/<caller>`; never throws. */
export function decodeReport(caller: string, value: Uint8Array): DecodedReport {
  const document = parseDocument(value);
  if ("rejected" in document) return document;
  const checked = report.safeParse(document.parsed);
  if (!checked.success) return { rejected: reasonOf(checked.error) };
  return checked.data.caller === caller
    ? { report: checked.data }
    : { rejected: "is of another caller than its key says" };
}

/** Why a report cannot be stored; undefined when it can. The same rules as for reading. */
export function reportFault(given: CallerReport): string | undefined {
  const checked = report.safeParse(given);
  if (!checked.success) return reasonOf(checked.error);
  const { byteLength } = Buffer.from(encodeReport(given));
  return byteLength > longestDocumentBytes
    ? `is a document of ${byteLength} bytes, more than ${longestDocumentBytes}`
    : undefined;
}
