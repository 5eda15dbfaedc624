import { Code, createFeed, type Endpoint, type Outcome, type Rollout, type Snapshot } from "@rollcall/core";
import { describe, expect, it } from "vitest";
import { callOn, instance, method } from "../../../core/src/fixtures/contracts.js";
import { AttemptRecorder } from "./attempt-recorder.js";
import { rolloutOf } from "./fixtures/reports.js";
import { latencyBucket } from "./histogram.js";

const unary = callOn();
const streaming = callOn(method("server_streaming"));

function snapshot(rollout: Rollout | undefined): Snapshot {
  const policy = { gen: 1, stable: "1", rules: [], rollout, by: "", reason: "", at: 0 };
  return { service: "test.v1.Echo", revision: 1, instances: [], policy };
}

function outcome(change: Partial<Outcome> = {}): Outcome {
  return { code: Code.Ok, latencyMs: 10, processed: "yes", ...change };
}

function setup(rollout: Rollout | undefined = rolloutOf()) {
  const feed = createFeed(snapshot(rollout));
  const begun: unknown[] = [];
  const recorder = new AttemptRecorder(feed, () => begun.push(recorder.rollout));
  const record = (version: string, change: Partial<Outcome> = {}, call = unary): void =>
    recorder.record({ instance: instance("a", { version }) } as Endpoint, outcome(change), call);
  const become = (next: Rollout | undefined): void => feed.publish(snapshot(next));
  return { recorder, record, become, begun, feed };
}

describe("the attempts of a rollout", () => {
  it("are counted by step and version, and begin to be with the first", () => {
    const { recorder, record, become, begun } = setup();
    record("1");
    record("2");
    record("2", { code: Code.Unavailable, processed: "unknown", latencyMs: 50 });
    become(rolloutOf({ step: 1 }));
    record("2");
    expect(begun).toEqual(["r1"]);
    expect(recorder.total).toBe(4);
    const [ten, fifty] = [latencyBucket(10), latencyBucket(50)];
    expect(recorder.report("c1")).toEqual({
      caller: "c1",
      rollout: "r1",
      steps: [
        {
          step: 0,
          versions: {
            "1": { attempts: 1, failures: 0, latency: [[ten, 1]] },
            "2": {
              attempts: 2,
              failures: 1,
              latency: [
                [ten, 1],
                [fifty, 1],
              ],
            },
          },
        },
        { step: 1, versions: { "2": { attempts: 1, failures: 0, latency: [[ten, 1]] } } },
      ],
    });
  });

  it("fail by the server's fault alone", () => {
    const { recorder, record } = setup();
    for (const code of Object.values(Code)) record("2", { code });
    expect(recorder.report("c").steps[0]?.versions["2"]).toMatchObject({ attempts: 16, failures: 6 });
  });

  it("are not those that the caller cancelled, or that the server never saw", () => {
    const { recorder, record } = setup();
    record("2", { code: Code.Cancelled, processed: "unknown" });
    record("2", { code: Code.Unavailable, processed: "no" });
    record("2", { code: Code.DeadlineExceeded, processed: "no" });
    record("3");
    expect(recorder.total).toBe(0);
    expect(recorder.rollout).toBeUndefined();
  });

  it("have a latency when the method is unary", () => {
    const { recorder, record } = setup();
    record("2", {}, streaming);
    expect(recorder.report("c").steps[0]?.versions["2"]).toEqual({ attempts: 1, failures: 0, latency: [] });
  });

  it("are counted while it is running or paused", () => {
    const { recorder, record, become } = setup();
    const states = ["running", "paused", "promoted", "aborted"] as const;
    for (const state of states) {
      become(rolloutOf({ state }));
      record("2");
    }
    become(undefined);
    record("2");
    expect(recorder.total).toBe(2);
  });

  it("begin anew with another rollout", () => {
    const { recorder, record, become, begun } = setup();
    record("2");
    become(rolloutOf({ id: "r2" }));
    record("2", { code: Code.Internal });
    expect(begun).toEqual(["r1", "r2"]);
    expect(recorder.report("c")).toMatchObject({
      rollout: "r2",
      steps: [{ step: 0, versions: { "2": { attempts: 1, failures: 1 } } }],
    });
  });

  it("fit into a document of 64 kB, whatever the rollout", () => {
    const steps = Array.from({ length: 100 }, (_, at) => at + 1);
    const { recorder, record, become } = setup();
    for (const step of steps.keys()) {
      become(rolloutOf({ steps, step }));
      for (let bucket = 0; bucket < 166; bucket++) {
        record("1", { latencyMs: 0.1 * 1.1 ** bucket });
        record("2", { latencyMs: 0.1 * 1.1 ** bucket });
      }
    }
    const report = recorder.report("c");
    expect(report.steps.map(({ step }) => step)).toEqual([92, 93, 94, 95, 96, 97, 98, 99]);
    const text = JSON.stringify(report).replaceAll(",1]", ",1000000000]");
    expect(text.length).toBeLessThan(64 * 1024);
  });
});
