import { describe, expect, it } from "vitest";
import { ConfigError } from "../errors.js";
import { Method } from "./method.js";

describe("@Method", () => {
  it("refuses rates and bursts that are none", () => {
    for (const perSecond of [0, -1, Number.NaN, Infinity])
      expect(() => Method({ rateLimit: { perSecond } })).toThrow(
        new ConfigError(
          `@Method({ rateLimit: { perSecond: ${perSecond} } }): a rate is a number of calls per second above 0`,
        ),
      );
    for (const burst of [0, 1.5, -1, Number.NaN])
      expect(() => Method({ rateLimit: { perSecond: 1, burst } })).toThrow(ConfigError);
    Method({ rateLimit: { perSecond: 0.5, burst: 1 } });
  });
});
