import { z } from "zod";
import { longestDocumentBytes, parseDocument, reasonOf } from "./json-document.js";

/** A caller's id: a part of a key, so without a slash. */
export const callerId: z.ZodString = z
  .string()
  .max(128)
  .regex(/^[\w.:-]+$/, "is not a caller's id: letters, digits, and . _ : -");

/** A report, or why a document holds none. */
export type DecodedReport<R> = { readonly report: R } | { readonly rejected: string };

/** How reports of one kind are kept: a document per caller, under its id. */
export interface ReportFormat<R> {
  encode(report: R): string;
  /** Reads a caller's document; never throws. */
  decode(caller: string, value: Uint8Array): DecodedReport<R>;
  /** Why a report cannot be stored; undefined when it can. The same rules as for reading. */
  faultOf(report: R): string | undefined;
}

/** Reports of one kind, as `RolloutStore` and `BreakerReports` have them. */
export interface Reports<R> {
  report(service: string, report: R, signal: AbortSignal): Promise<boolean>;
  withdraw(service: string, caller: string, signal: AbortSignal): Promise<void>;
  /** Those of the callers with the lowest ids; damaged ones are left out. */
  reports(service: string, signal: AbortSignal): Promise<readonly R[]>;
}

/** The reports that fit a schema. */
export function reportFormat<R extends { readonly caller: string }>(schema: z.ZodType<R>): ReportFormat<R> {
  const encode = (report: R): string => JSON.stringify(report);
  return {
    encode,
    decode(caller, value) {
      const document = parseDocument(value);
      if ("rejected" in document) return document;
      const checked = schema.safeParse(document.parsed);
      if (!checked.success) return { rejected: reasonOf(checked.error) };
      return checked.data.caller === caller
        ? { report: checked.data }
        : { rejected: "is of another caller than its key says" };
    },
    faultOf(report) {
      const checked = schema.safeParse(report);
      if (!checked.success) return reasonOf(checked.error);
      const { byteLength } = Buffer.from(encode(report));
      return byteLength > longestDocumentBytes
        ? `is a document of ${byteLength} bytes, more than ${longestDocumentBytes}`
        : undefined;
    },
  };
}
