import type { ConnectionState, Endpoint, EndpointStats, ServiceInstance } from "@rollcall/core";

/** As a cluster's endpoints are: weights in slow start, statistics that move. */
export class BenchEndpoint implements Endpoint {
  readonly connection: ConnectionState = "ready";
  readonly stats: { -readonly [Key in keyof EndpointStats]: EndpointStats[Key] } = {
    inflight: 0,
    latencyMs: 0,
    successRate: 1,
  };
  readonly instance: ServiceInstance;
  readonly #slowStart: { readonly fromMs: number; readonly windowMs: number } | undefined;

  constructor(instance: ServiceInstance, slowStart?: { fromMs: number; windowMs: number }) {
    this.instance = instance;
    this.#slowStart = slowStart;
  }

  weightAt(nowMs: number): number {
    const { weight } = this.instance;
    if (!this.#slowStart) return weight;
    const passed = (nowMs - this.#slowStart.fromMs) / this.#slowStart.windowMs;
    return passed >= 1 ? weight : weight * Math.max(0.1, passed);
  }
}

/** Three weights and two zones; one in a hundred slow-starts, for as long as the measurement takes, when `moving`. */
export function benchEndpoints(count: number, moving: boolean, nowMs: number): BenchEndpoint[] {
  return Array.from({ length: count }, (_, n) => {
    const id = `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}:8080`;
    const instance: ServiceInstance = {
      id,
      incarnation: "1700000000000-a",
      app: "orders",
      service: "shop.v1.Orders",
      address: id,
      version: "1.0.0",
      track: "stable",
      zone: n % 2 === 0 ? "a" : "b",
      weight: [100, 50, 200][n % 3] as number,
      state: "up",
      features: [],
      labels: {},
    };
    const slow = moving && n % 100 === 1 ? { fromMs: nowMs, windowMs: 60_000 } : undefined;
    const endpoint = new BenchEndpoint(instance, slow);
    endpoint.stats.inflight = (n * 7) % 5;
    return endpoint;
  });
}
