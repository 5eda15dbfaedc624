import { describe, expect, it } from "vitest";
import { ConfigError } from "@rollcall/core";
import { balancerByName, balancers } from "./balancers.js";

describe("balancerByName", () => {
  it("finds every policy that ships", () => {
    for (const factory of balancers) expect(balancerByName(factory.name)).toBe(factory);
  });

  it("lists the names when there is none", () => {
    expect(() => balancerByName("robin")).toThrow(
      new ConfigError('balancer: "robin" is not a policy; use one of round-robin, weighted-round-robin'),
    );
  });
});
