import { Code, RpcError } from "@rollcall/app";
import { FakeClock, testApp } from "@rollcall/testing";
import { createFaults, simulate, type FaultRule } from "@rollcall/testing/simulator";
import { describe, expect, it } from "vitest";
import { Orders } from "../fixtures/gen/shop/v1/shop.js";
import { ordersFleet, OrdersService, Waits } from "./orders.js";

async function receiptWith(...faults: FaultRule[]) {
  await using simulation = await simulate({ ...ordersFleet, faults });
  await simulation.run(5_000);
  const { receipt, log } = await simulation.check();
  return { receipt, hits: log.filter((line) => line.includes(" faults ")) };
}

describe("faults by rule", () => {
  it("fail the nth attempt of a method; one that may be repeated is, elsewhere", async () => {
    const rule = { do: "fail", code: Code.Unavailable, service: "shop.v1.Orders" } as const;
    const get = await receiptWith({ ...rule, method: "Get", nth: 3 });
    expect(get.hits).toHaveLength(1);
    expect(get.receipt).toMatchObject({ dropped: 0, retried: 1 });
    const put = await receiptWith({ ...rule, method: "Put", nth: [1, 2] });
    expect(put.hits).toHaveLength(2);
    expect(put.receipt).toMatchObject({ dropped: 2, retried: 0 });
  });

  it("choose by instance, and by a probability that the seed decides", async () => {
    const rule = { do: "fail", code: Code.NotFound, instance: "orders-2", probability: 0.5 } as const;
    const { receipt, hits } = await receiptWith({ ...rule, method: "Get" });
    const { calls = 0, appErrors = 0 } = receipt.perInstance["orders-2"] ?? {};
    expect(appErrors).toBe(hits.length);
    expect(appErrors).toBeGreaterThan(calls / 10);
    expect(appErrors).toBeLessThan(calls / 2);
    expect(receipt.appErrors).toBe(appErrors);
    expect((await receiptWith({ ...rule, method: "Get" })).hits).toEqual(hits);
  });

  it("delay, hang and lose answers, which end by their deadlines", async () => {
    const { receipt } = await receiptWith(
      { do: "delay", ms: 700, method: "Get", nth: 1 },
      { do: "hang", method: "Put", nth: 1 },
      { do: "dropResponse", method: "Put", nth: 2 },
    );
    expect(receipt).toMatchObject({ dropped: 2, duplicates: 0 });
    expect(receipt.maxMs).toBe(5_000);
    for (const { error } of receipt.firstDropped) expect(error).toContain("[deadline_exceeded]");
  });

  it("crash and freeze the process that a call is for", async () => {
    const crashed = await receiptWith({ do: "crash", method: "Get", nth: 5 });
    expect(crashed.receipt).toMatchObject({ kills: 1, duplicates: 0 });
    expect(crashed.receipt.retried).toBeGreaterThan(0);
    const frozen = await receiptWith({ do: "freeze", ms: 800, method: "Put", nth: 1 });
    expect(frozen.receipt).toMatchObject({ dropped: 0, kills: 0 });
    expect(frozen.receipt.maxMs).toBeGreaterThan(700);
  });

  it("leave a stream half open", async () => {
    await using simulation = await simulate({
      ...ordersFleet,
      callers: 1,
      faults: [{ do: "halfOpen", method: "Watch", afterMessages: 2, nth: 1 }],
    });
    await simulation.run(5_000);
    expect(simulation.fleet.receipt().streams).toMatchObject({ opened: 1, messages: 2, dropped: 0 });
    const { faults } = await simulation.finish();
    expect(faults).toEqual(["a stream of caller-1 is dead"]);
  });

  it("happen in a testApp, too", async () => {
    const clock = new FakeClock();
    const faults = createFaults({
      rules: [
        { do: "fail", code: Code.Unavailable, method: "Get", nth: 1 },
        { do: "fail", code: Code.Aborted, reason: "try later", method: "Put" },
      ],
      clock,
      random: () => 0,
    });
    await using app = await testApp({
      services: [OrdersService],
      clock,
      interceptors: [faults.interceptor],
      bind: (container) => container.bind(Waits).toConstantValue(new Waits(clock)),
    });
    const got = app.client(Orders).get({ id: "1" });
    await app.advance(1_000);
    expect(await got).toMatchObject({ id: "1" });
    await expect(app.client(Orders).put({ id: "1" })).rejects.toThrow("try later");
    await expect(app.client(Orders).put({ id: "1" })).rejects.toBeInstanceOf(RpcError);
    expect(faults.count).toBe(3);
  });
});
