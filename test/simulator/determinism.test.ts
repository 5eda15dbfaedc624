import { describe, expect, it } from "vitest";
import { ordersLog } from "./orders-log.js";

describe("a simulation", () => {
  it("has the same events for the same seed, byte for byte, and others for another", async () => {
    const log = await ordersLog(42);
    expect(await ordersLog(42)).toBe(log);
    expect(await ordersLog(43)).not.toBe(log);
  });

  it("logs what happened to processes, registry, calls and streams", async () => {
    const log = await ordersLog(42);
    for (const event of [
      "orders-1 starts",
      "orders-1 serving",
      "orders-1 stopping",
      "orders-1 stopped after",
      "orders-2 killed: SIGKILL",
      "orders-3 hangs for 1500 ms",
      "orders-3 goes on",
      "registry down for 1200 ms",
      "registry up again",
      "registry wiped",
      "put shop.v1.Orders/orders-1 draining",
      "delete shop.v1.Orders/orders-1",
      "stream reopened at",
    ])
      expect(log).toContain(event);
  });
});
