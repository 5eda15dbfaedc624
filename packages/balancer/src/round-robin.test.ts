import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { open } from "./contract.js";
import { counts, endpoint, endpoints, order, pick, picks } from "./fixtures/endpoints.js";
import { roundRobin } from "./round-robin.js";

describe("round-robin", () => {
  it("is exactly even over every round, whatever the weights", () => {
    const weights = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(weights, fc.nat(50), fc.integer({ min: 1, max: 5 }), (all, before, rounds) => {
        const balancer = open(roundRobin);
        const view = endpoints(all);
        balancer.update(view);
        picks(balancer, before);
        expect(counts(picks(balancer, rounds * view.length), view)).toEqual(view.map(() => rounds));
      }),
    );
  });

  it("goes on where it was when endpoints come and go", () => {
    const balancer = open(roundRobin);
    const [a, b, c, d] = [endpoint("a"), endpoint("b"), endpoint("c"), endpoint("d")];
    balancer.update([a, b, c]);
    expect(order(balancer, 1)).toBe("a");
    balancer.update([a, c, d]);
    expect(order(balancer, 4)).toBe("cdac");
    balancer.update([d, c, b, a]);
    expect(order(balancer, 4)).toBe("dcba");
    balancer.update([]);
    balancer.update([a, b]);
    expect(order(balancer, 2)).toBe("ab");
  });

  it("gives a passed-over endpoint's turn to the next", () => {
    const balancer = open(roundRobin);
    const view = endpoints([1, 0, 1, 1]);
    balancer.update(view);
    expect(pick(balancer, [view[0]!])).toBe(view[2]);
    expect(order(balancer, 3)).toBe("dac");
  });
});
