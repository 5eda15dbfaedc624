import { describe, expect, it } from "vitest";
import { instance } from "../../fixtures/contracts.js";
import { keepaliveOf } from "./keepalive.js";

const fiveMinutesMs = 300_000;

describe("keepalive", () => {
  it("stays above the floor of servers that may be of another language", () => {
    const { "grpc.keepalive_time_ms": timeMs } = keepaliveOf(instance("a", { incarnation: "" }));
    expect(timeMs).toBeGreaterThan(fiveMinutesMs);
  });

  it("finds a broken connection to a Rollcall server within 25 s", () => {
    const options = keepaliveOf(instance("a", { incarnation: "1700000000000-abc" }));
    const sum = Number(options["grpc.keepalive_time_ms"]) + Number(options["grpc.keepalive_timeout_ms"]);
    expect(sum).toBeLessThanOrEqual(25_000);
  });
});
