import { Code } from "@rollcall/app";
import { testApp, type DropReceipt } from "@rollcall/testing";
import { matchers } from "@rollcall/testing/vitest";
import { describe, expect, it } from "vitest";
import { Billing, Orders } from "../fixtures/gen/shop/v1/shop.js";
import { OrdersService } from "./shop.js";

expect.extend(matchers);

const receipt: DropReceipt = {
  calls: 1,
  dropped: 0,
  streams: { opened: 0, dropped: 0 },
  firstDropped: [],
};

describe("the matchers of vitest", () => {
  it("say what the assertions say, and the opposite", async (test) => {
    const app = await testApp({ services: [OrdersService], seed: 7, test }).fake(Billing, {
      charge: async () => ({ ok: true }),
    });
    await app.client(Orders).get({ id: "1" });
    const broken = app.client(Orders).get({ id: "broken" });
    await expect(broken).toRejectWithCode(Code.Internal, /error/);
    await expect(broken).not.toRejectWithCode(Code.NotFound);
    const { charge } = app.calls(Billing);
    expect(charge).toHaveReceived();
    expect(charge).toHaveReceived({ request: { cents: "100" } });
    expect(charge).not.toHaveReceived({ request: { cents: "1" } });
    expect(charge).toHaveReceivedTimes(1);
    expect(receipt).toHaveDroppedNothing();
    expect({ ...receipt, dropped: 1 }).not.toHaveDroppedNothing();
    // @ts-expect-error -- the request has no such field
    expect(charge).not.toHaveReceived({ request: { amount: "100" } });

    expect(() => expect(charge).toHaveReceived({ request: { cents: "1" } })).toThrow(
      /Charge was not called like .*seed 7/s,
    );
    expect(() => expect(charge).not.toHaveReceivedTimes(1)).toThrow("should not have been called 1 times");
    expect(() => expect({ ...receipt, dropped: 1 }).toHaveDroppedNothing()).toThrow("1 of 1 calls");
    expect(() => expect(receipt).not.toHaveDroppedNothing()).toThrow("but nothing was");
    await expect(expect(broken).toRejectWithCode(Code.NotFound)).rejects.toThrow(/\[internal\].*\(seed 7\)/);
    await expect(expect(broken).not.toRejectWithCode(Code.Internal)).rejects.toThrow(
      "should not have failed so",
    );
  });
});
