import { ConfigError, defaultCallLimits, defaultServerLimits } from "@rollcall/core";
import { describe, expect, it } from "vitest";
import { readProtection } from "./protection.js";

describe("the protection of a server", () => {
  it("has core's defaults", () => {
    const { serverTimeoutMs: _, ...limits } = { ...defaultServerLimits, ...defaultCallLimits };
    expect(readProtection({}, {})).toEqual(limits);
  });

  it("comes from code, then variables, and the variable wins", () => {
    const env = { ROLLCALL_SERVER_MAX_CONCURRENT_CALLS: "7", ROLLCALL_SERVER_STREAM_IDLE_MS: "0" };
    expect(readProtection({ maxConcurrentCalls: 5, maxPendingRequests: 3 }, env)).toMatchObject({
      maxConcurrentCalls: 7,
      maxPendingRequests: 3,
      streamIdleMs: 0,
    });
  });

  it("is refused with its name, value and what is allowed", () => {
    expect(() => readProtection({ maxReceiveBytes: -1 }, {})).toThrow(
      new ConfigError(
        "option protection.maxReceiveBytes is -1; allowed: bytes from 1 to 2147483647, or 0 for no limit",
      ),
    );
    expect(() => readProtection({}, { ROLLCALL_SERVER_KEEPALIVE_TIMEOUT_MS: "0" })).toThrow(
      new ConfigError(
        'ROLLCALL_SERVER_KEEPALIVE_TIMEOUT_MS is "0"; allowed: milliseconds from 1 to 2147483647',
      ),
    );
    for (const value of [1.5, Number.NaN, Infinity, 2 ** 31, "x"])
      expect(() => readProtection({ requestTimeoutMs: value as number }, {})).toThrow(ConfigError);
  });
});
