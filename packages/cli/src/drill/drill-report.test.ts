import { FakeClock } from "@rollcall/testing";
import { createReceipt, type Receipt } from "@rollcall/testing/fleet";
import { describe, expect, it } from "vitest";
import { explain, passed, problemsOf, type DrillReport } from "./drill-report.js";
import { junitXml } from "./junit.js";
import { reportText } from "./report-text.js";
import { createTimeline } from "./timeline.js";

const clock = new FakeClock();

/** Two steps; in the second the only call to an instance that was killed 214 ms before is dropped. */
async function dropped(error: unknown): Promise<DrillReport> {
  const recorder = createReceipt({ clock });
  const timeline = createTimeline(clock);
  recorder.step("steady");
  recorder.record({ outcome: "ok", latencyMs: 2, instance: "drill-0" });
  timeline.note("it came back", "drill-0");
  await clock.advance(1000);
  recorder.step("kill");
  timeline.note("it got SIGKILL", "drill-1");
  await clock.advance(214);
  recorder.record({ outcome: "dropped", latencyMs: 9, instance: "drill-1", error });
  return reportOf(recorder.receipt(), { firstDropped: explain(recorder.receipt().firstDropped, timeline) });
}

function reportOf(receipt: Receipt, change: Partial<DrillReport> = {}): DrillReport {
  return {
    registry: "embedded",
    calls: ["shop.v1.Orders/Get {}"],
    streams: [],
    instances: 2,
    receipt,
    firstDropped: [],
    problems: [],
    skipped: [],
    logs: "logs",
    ...change,
  };
}

function nothingDropped(): Receipt {
  const recorder = createReceipt({ clock });
  recorder.step("steady");
  recorder.record({ outcome: "ok", latencyMs: 2, instance: "drill-0" });
  return recorder.receipt();
}

const plain = (_style: unknown, text: string): string => text;

describe("the report of a drill", () => {
  it("explains the first dropped call: which step, which instance, what had been done to it, which error", async () => {
    const report = await dropped(new Error("shop.v1.Orders/Get [unavailable]: connection lost"));
    const text = reportText(report, plain, false).join("\n");
    expect(text).toContain(
      [
        "the first dropped call",
        "  step      kill",
        "  instance  drill-1",
        "  when      214ms after drill-1: it got SIGKILL",
        "  waited    9 ms",
        "  error     shop.v1.Orders/Get [unavailable]: connection lost",
      ].join("\n"),
    );
    expect(text).toContain("1 calls dropped");
    expect(text).toContain("logs of the instances: logs");
    expect(passed(report)).toBe(false);
  });

  it("counts further drops that are alike", async () => {
    const report = await dropped(new Error("lost"));
    const [first] = report.firstDropped;
    const other = { ...first!, instance: "drill-2" };
    const lines = reportText({ ...report, firstDropped: [first!, first!, other, first!] }, plain, false);
    expect(lines.filter((line) => line.includes("then"))).toEqual([
      "  then 2 x a call on drill-1 during kill: lost",
      "  then 1 x a call on drill-2 during kill: lost",
    ]);
  });

  it("passes when nothing was dropped", () => {
    const report = reportOf(nothingDropped());
    expect(passed(report)).toBe(true);
    expect(reportText(report, plain, false).join("\n")).not.toContain("logs");
  });

  it("fails for streams, and for calls that could not be made in time", () => {
    const recorder = createReceipt({ clock });
    recorder.record({ outcome: "appError", latencyMs: 1, instance: "drill-0" });
    recorder.stream({ event: "opened", instance: "drill-0" });
    recorder.stream({ event: "dropped", instance: "drill-0" });
    expect(problemsOf(recorder.receipt(), { found: ["drill-0 ended with code 1"], callsDue: 100 })).toEqual([
      "drill-0 ended with code 1",
      "1 streams were dropped",
      expect.stringContaining("only 1 of 100 calls were made in time"),
    ]);
  });

  it("says so when the service refused every call", () => {
    const recorder = createReceipt({ clock });
    recorder.record({ outcome: "appError", latencyMs: 1, instance: "drill-0" });
    expect(reportText(reportOf(recorder.receipt()), plain, false).join("\n")).toContain("refused every call");
    expect(reportText(reportOf(nothingDropped()), plain, false).join("\n")).not.toContain(
      "refused every call",
    );
  });

  it("as JUnit XML has a case per step, and says what failed", async () => {
    const report = await dropped(new Error('<&"> \u001b[31m\u0000 ]]>'));
    const xml = junitXml({ ...report, skipped: [{ name: "hang", why: "not here" }] });
    expect(xml).toContain('<testsuite name="rollcall drill" tests="4" failures="1" skipped="1"');
    expect(xml).toContain('name="steady"');
    expect(xml).toContain('<failure message="1 calls and 0 streams were dropped">');
    expect(xml).toContain("a call on drill-1, 214ms after drill-1: it got SIGKILL: &lt;&amp;");
    expect(xml).toContain('<skipped message="not here"');
    // XML has no way to write these.
    // oxlint-disable-next-line no-control-regex
    expect(xml).not.toMatch(/[\u0000-\u0008\u001b]/);
  });

  it("as JUnit XML fails the drill as a whole for what belongs to no step", () => {
    const xml = junitXml(
      reportOf(nothingDropped(), { problems: ["drill-0 ended with code 1 after SIGTERM"] }),
    );
    expect(xml).toContain('<failure message="drill-0 ended with code 1 after SIGTERM">');
  });
});
