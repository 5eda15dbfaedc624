import type { ServiceInstance } from "@rollcall/core";

let runs = 0;

/** The incarnation of a process that started after all before it. */
export function nextIncarnation(): string {
  runs += 1;
  return `${1_700_000_000_000 + runs}-test`;
}

/** An instance of `shop.v1.Orders` of a process of its own, with what differs. */
export function instanceOf(change: Partial<ServiceInstance> = {}): ServiceInstance {
  const address = change.address ?? "10.0.0.1:8080";
  return {
    id: address,
    incarnation: nextIncarnation(),
    app: "orders",
    service: "shop.v1.Orders",
    address,
    version: "1.4.0",
    track: "stable",
    zone: "a",
    weight: 100,
    state: "up",
    features: [],
    labels: {},
    ...change,
  };
}
