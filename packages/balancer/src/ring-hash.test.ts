import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createServerCall, Metadata, runInCall, type Balancer, type Endpoint } from "@rollcall/core";
import { open } from "./contract.js";
import { callWith, counts, endpoint, endpoints, pick, type FakeEndpoint } from "./fixtures/endpoints.js";
import { keyHash } from "./key-hash.js";
import { Ring } from "./ring.js";
import { hostLength, sourceHash } from "./source-hash.js";

const keys = Array.from({ length: 2_000 }, (_, n) => callWith(`customer ${n}`));

function owners(balancer: Balancer): Endpoint[] {
  return keys.map((call) => pick(balancer, [], call));
}

function fleet(count: number): FakeEndpoint[] {
  return Array.from({ length: count }, (_, n) => endpoint(`10.0.0.${n}:8080`));
}

/** More than 1 / n by the unevenness of a ring and of 2,000 keys. */
const epsilon = 0.06;

describe("key-hash", () => {
  it("moves at most 1/n + epsilon of the keys when an instance joins, and none between the others", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(1_000), (size, name) => {
        const balancer = open(keyHash());
        const view = fleet(size);
        balancer.update(view);
        const before = owners(balancer);
        const newcomer = endpoint(`newcomer-${name}`);
        balancer.update([...view, newcomer]);
        const after = owners(balancer);
        const moved = after.filter((each, n) => each !== before[n]);
        expect(moved.filter((each) => each !== newcomer)).toEqual([]);
        expect(moved.length / keys.length).toBeLessThanOrEqual(1 / (size + 1) + epsilon);
        balancer.update(view);
        expect(owners(balancer)).toEqual(before);
      }),
      { seed: 42, numRuns: 40 },
    );
  });

  it("gives only the keys of an instance that leaves to others, several of them", () => {
    const balancer = open(keyHash());
    const view = fleet(10);
    balancer.update(view);
    const before = owners(balancer);
    balancer.update(view.slice(1));
    const after = owners(balancer);
    const moved = after.filter((each, n) => each !== before[n]);
    expect(moved.length).toBe(before.filter((each) => each === view[0]).length);
    expect(new Set(moved).size).toBeGreaterThan(5);
  });

  it("maps keys alike for every caller, whatever the order in which they learnt of the instances", () => {
    const [one, other] = [open(keyHash(), 0.1), open(keyHash(), 0.9)];
    const view = fleet(12);
    one.update(view);
    for (let n = 1; n <= view.length; n++) other.update(view.slice(-n));
    other.update(view.toReversed());
    expect(owners(other)).toEqual(owners(one));
  });

  it("leaves an instance its keys over a restart", () => {
    const balancer = open(keyHash());
    const view = fleet(5);
    balancer.update(view);
    const before = owners(balancer).map(({ instance }) => instance.id);
    const restarted = endpoint("10.0.0.2:8080", 100, { incarnation: "2-b" });
    balancer.update(view.with(2, restarted));
    const after = owners(balancer);
    expect(after.map(({ instance }) => instance.id)).toEqual(before);
    expect(after).toContain(restarted);
    expect(after).not.toContain(view[2]);
  });

  it("gives shares in proportion to the weights, and lets a newcomer take over step by step", () => {
    const balancer = open(keyHash());
    const view = [endpoint("a", 120), endpoint("b", 60), endpoint("c", 60)];
    balancer.update(view);
    const [a = 0, b = 0, c = 0] = counts(owners(balancer), view).map((count) => count / keys.length);
    expect(a).toBeGreaterThan(0.4);
    expect(a).toBeLessThan(0.6);
    for (const share of [b, c]) {
      expect(share).toBeGreaterThan(0.18);
      expect(share).toBeLessThan(0.32);
    }
    const newcomer = endpoint("d", 12);
    balancer.update([...view, newcomer]);
    let before = owners(balancer);
    for (newcomer.weight = 24; newcomer.weight <= 120; newcomer.weight += 12) {
      const after = owners(balancer);
      expect(after.filter((each, n) => each !== before[n] && each !== newcomer)).toEqual([]);
      before = after;
    }
    expect(before.filter((each) => each === newcomer).length / keys.length).toBeCloseTo(1 / 3, 1);
  });

  it("goes on from the tried to the same next one", () => {
    const balancer = open(keyHash());
    balancer.update(fleet(5));
    const call = callWith("k");
    const first = pick(balancer, [], call);
    const second = pick(balancer, [first], call);
    expect(second).not.toBe(first);
    expect(pick(balancer, [first], call)).toBe(second);
    expect(pick(balancer, [], call)).toBe(first);
  });

  it("sends calls without a key anywhere, by weight", () => {
    const balancer = open(keyHash());
    const view = endpoints([100, 100, 0]);
    balancer.update(view);
    const [a = 0, b = 0, c] = counts(
      Array.from({ length: 1_000 }, () => pick(balancer)),
      view,
    );
    expect(a).toBeGreaterThan(400);
    expect(b).toBeGreaterThan(400);
    expect(c).toBe(0);
  });

  it("takes a key from wherever it is told to, the request included", () => {
    const balancer = open(keyHash({ key: (call) => (call.requestStream ? undefined : "all the same") }));
    balancer.update(fleet(5));
    expect(new Set(owners(balancer)).size).toBe(1);
    expect(keyHash()).toBe(keyHash());
  });
});

describe("a ring", () => {
  it("has 128 sorted points per endpoint, through any joins and leaves", () => {
    const present = fc.array(fc.boolean(), { minLength: 10, maxLength: 10 });
    fc.assert(
      fc.property(fc.array(present, { maxLength: 10 }), (steps) => {
        const all = fleet(10);
        const ring = new Ring();
        for (const step of steps) {
          const view = all.filter((_, n) => step[n]);
          ring.update(view);
          expect(ring.size).toBe(128 * view.length);
          const seen = new Map<Endpoint, Set<number>>(view.map((each) => [each, new Set()]));
          for (let place = 0; place < ring.size; place++)
            seen.get(ring.endpointAt(place))?.add(ring.numberAt(place));
          for (const numbers of seen.values()) expect(numbers.size).toBe(128);
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe("source-hash", () => {
  const metadata = new Metadata();
  const { signal } = new AbortController();
  const handling = (address: string): ReturnType<typeof createServerCall> =>
    createServerCall(
      { method: callWith().method, metadata, deadline: Infinity, request: {} },
      { responseHeader: metadata, responseTrailer: metadata, draining: signal, peer: { address } },
    );

  it("keeps the calls made for one peer on one endpoint, whatever its port, and those of many peers on all", () => {
    const balancer = open(sourceHash);
    const view = fleet(4);
    balancer.update(view);
    const picked = (address: string): Endpoint => runInCall(handling(address), () => pick(balancer));
    expect(picked("10.1.1.1:5000")).toBe(picked("10.1.1.1:6000"));
    expect(picked("[::1]:5000")).toBe(picked("[::1]:6000"));
    const peers = Array.from({ length: 100 }, (_, n) => picked(`10.1.1.${n}:5000`));
    expect(new Set(peers)).toEqual(new Set(view));
  });

  it("keeps the calls that this process makes of itself on one endpoint, others for others", () => {
    const view = fleet(4);
    const firsts = Array.from({ length: 40 }, (_, n) => {
      const balancer = open(sourceHash, 0, { caller: `caller ${n}` });
      balancer.update(view);
      const first = pick(balancer);
      for (let again = 0; again < 5; again++) expect(pick(balancer)).toBe(first);
      return first;
    });
    expect(new Set(firsts)).toEqual(new Set(view));
  });

  it("tells the host from the port", () => {
    const host = (address: string): string => address.slice(0, hostLength(address));
    expect(host("10.0.0.1:5000")).toBe("10.0.0.1");
    expect(host("orders.shop:80")).toBe("orders.shop");
    expect(host("[::1]:5000")).toBe("[::1]");
    expect(host("::1")).toBe("::1");
    expect(host("unix:/run/a.sock")).toBe("unix:/run/a.sock");
    expect(host("10.0.0.1")).toBe("10.0.0.1");
  });
});
