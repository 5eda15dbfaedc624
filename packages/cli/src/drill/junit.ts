import Builder from "fast-xml-builder";
import { printable } from "../output/printable.js";
import type { DrillReport, ExplainedDrop } from "./drill-report.js";

/**
 * A drill as JUnit XML, which CI systems show: one test case per step, and one for what is wrong with the drill as a whole.
 * Source of the format: https://github.com/testmoapp/junitxml
 */
export function junitXml(report: DrillReport): string {
  const steps = report.receipt.steps.map((step) => {
    const failed = step.dropped > 0 || step.streamsDropped > 0;
    const drops = report.firstDropped.filter((each) => each.step === step.name);
    return {
      ...named(step.name, step.durationMs),
      ...(failed
        ? {
            failure: {
              "@_message": `${step.dropped} calls and ${step.streamsDropped} streams were dropped`,
              "#text": drops.map(dropText).join("\n"),
            },
          }
        : {}),
    };
  });
  const skipped = report.skipped.map(({ name, why }) => ({
    ...named(name, 0),
    skipped: { "@_message": printable(why) },
  }));
  const whole = {
    ...named("drill", 0),
    ...(report.problems.length > 0
      ? {
          failure: {
            "@_message": printable(report.problems[0] ?? ""),
            "#text": report.problems.map(printable).join("\n"),
          },
        }
      : {}),
  };
  const cases = [...steps, ...skipped, whole];
  const totals = {
    "@_tests": cases.length,
    "@_failures": cases.filter((each) => "failure" in each).length,
    "@_skipped": skipped.length,
    "@_time": seconds(report.receipt.steps.reduce((sum, { durationMs }) => sum + durationMs, 0)),
  };
  return new Builder({ ignoreAttributes: false, format: true, suppressEmptyNode: true }).build({
    "?xml": { "@_version": "1.0", "@_encoding": "UTF-8" },
    testsuites: { ...totals, testsuite: { "@_name": "rollcall drill", ...totals, testcase: cases } },
  });
}

function named(name: string, durationMs: number): object {
  return { "@_classname": "rollcall.drill", "@_name": name, "@_time": seconds(durationMs) };
}

function dropText({ kind, instance, after, error }: ExplainedDrop): string {
  return printable(`a ${kind} on ${instance}${after === undefined ? "" : `, ${after}`}: ${error}`);
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}
