import { describe, expect, it } from "vitest";
import { ConfigError } from "@rollcall/core";
import { balancerByName, balancers } from "./balancers.js";
import { peakEwma } from "./peak-ewma.js";

describe("balancerByName", () => {
  it("finds every policy that ships", () => {
    for (const factory of balancers) expect(balancerByName(factory.name)).toBe(factory);
  });

  it("has the default first", () => {
    expect(balancers[0]).toBe(peakEwma);
  });

  it("lists the names when there is none", () => {
    expect(() => balancerByName("robin")).toThrow(
      new ConfigError(
        'balancer: "robin" is not a policy; use one of peak-ewma, least-request, weighted-round-robin, round-robin, ' +
          "weighted-random, random, key-hash, source-hash, pick-first",
      ),
    );
  });
});
