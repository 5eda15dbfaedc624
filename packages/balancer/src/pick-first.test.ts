import { describe, expect, it } from "vitest";
import { open } from "./contract.js";
import { endpoint, order, pick } from "./fixtures/endpoints.js";
import { pickFirst } from "./pick-first.js";

describe("pick-first", () => {
  it("stays with the first until it leaves or has no weight, whatever comes before it", () => {
    const balancer = open(pickFirst);
    const [a, b, c] = [endpoint("a"), endpoint("b"), endpoint("c")];
    balancer.update([b, c]);
    expect(order(balancer, 2)).toBe("bb");
    balancer.update([a, b, c]);
    expect(order(balancer, 2)).toBe("bb");
    b.weight = 0;
    expect(order(balancer, 2)).toBe("aa");
    b.weight = 100;
    expect(order(balancer, 2)).toBe("aa");
    balancer.update([c, b]);
    expect(order(balancer, 2)).toBe("cc");
  });

  it("leaves it only for the call that has tried it", () => {
    const balancer = open(pickFirst);
    const [a, b] = [endpoint("a"), endpoint("b")];
    balancer.update([a, b]);
    expect(order(balancer, 1)).toBe("a");
    expect(pick(balancer, [a])).toBe(b);
    expect(order(balancer, 1)).toBe("a");
  });
});
