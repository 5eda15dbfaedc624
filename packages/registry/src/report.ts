import type { CallerReport } from "@rollcall/core";
import { z } from "zod";
import { textOf, wholeFrom } from "./json-document.js";
import { callerId, reportFormat, type ReportFormat } from "./report-format.js";

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
  caller: callerId,
  rollout: name,
  steps: z.array(z.object({ step: wholeFrom(0, 99), versions: z.record(name, counts) })).max(100),
});

/** The documents at `rollout-stats/<service>/<caller>`. */
export const rolloutReports: ReportFormat<CallerReport> = reportFormat<CallerReport>(report);
