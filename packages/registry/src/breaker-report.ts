import { mostReportedBreakers, type BreakerReport } from "@rollcall/core";
import { z } from "zod";
import { textOf, wholeFrom } from "./json-document.js";
import { callerId, reportFormat, type ReportFormat } from "./report-format.js";

const count = wholeFrom(0, Number.MAX_SAFE_INTEGER);

const breaker = z
  .object({
    method: textOf(512).min(1),
    subset: textOf(512).min(1),
    state: z.enum(["open", "half-open"]),
    // The last time that a Date can hold.
    since: wholeFrom(0, 8_640_000_000_000_000),
    calls: count,
    failures: count,
  })
  .refine(({ calls, failures }) => failures <= calls, "has more failures than calls");

const report = z.object({
  caller: callerId,
  app: textOf(256),
  breakers: z.array(breaker).max(mostReportedBreakers),
});

/** The documents at `breakers/<service>/<caller>`. */
export const breakerReports: ReportFormat<BreakerReport> = reportFormat<BreakerReport>(report);
