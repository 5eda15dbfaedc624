import { Service } from "@rollcall/app";
import { assertDroppedNothing, testApp } from "@rollcall/testing";
import { simulate } from "@rollcall/testing/simulator";
import { expect, test } from "vitest";
import { Billing, type ChargeReplyInit, type ChargeRequest } from "../../fixtures/gen/shop/v1/shop.js";

@Service(Billing)
class BillingService {
  async charge({ cents }: ChargeRequest): Promise<ChargeReplyInit> {
    return { ok: BigInt(cents) < 10_000n };
  }
}

test("refuses what is too much", async (context) => {
  const app = await testApp({ services: [BillingService], test: context });
  expect(await app.client(Billing).charge({ cents: 10_001 })).toEqual({ ok: false });
});

test("a rolling restart drops nothing", async () => {
  await using simulation = await simulate({
    services: [BillingService],
    name: "billing",
    instances: 3,
    workload: (caller) => ({
      ratePerSecond: 20,
      call: (n) => caller.client(Billing).charge({ cents: n }),
    }),
  });
  await simulation.fleet.rollingRestart();
  const { receipt } = await simulation.check();
  assertDroppedNothing(receipt);
});
