import { Metadata, type Interceptor } from "@rollcall/app";
import { testApp, type TestApp } from "@rollcall/testing";
import { describe, expect, it } from "vitest";
import { Billing, Orders } from "../fixtures/gen/shop/v1/shop.js";
import { OrdersService } from "./shop.js";

const services = [OrdersService];
const paid = { charge: async () => ({ ok: true }) };

/** What the call nested in one with these headers said of whom it is for. */
async function nested(app: TestApp, headers: Record<string, string>): Promise<Record<string, unknown>> {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(headers)) metadata.set(key, value);
  await app.client(Orders).get({ id: "1" }, { metadata });
  const seen = app.calls(Billing).charge.at(-1)?.metadata.getMap() ?? {};
  return Object.fromEntries(Object.entries(seen).filter(([key]) => key.startsWith("rollcall-")));
}

const claimed = { "rollcall-lane": "red", "rollcall-key": "user-1", "x-other": "1" };

describe("the identity of a call", () => {
  it("is dropped at the edge, where callers may claim anything", async () => {
    await using app = await testApp({ services }).fake(Billing, paid);
    expect(await nested(app, claimed)).toEqual({});
  });

  it("goes along through nested calls of a service whose callers are trusted", async () => {
    await using app = await testApp({ services, edge: false }).fake(Billing, paid);
    expect(await nested(app, claimed)).toEqual({ "rollcall-lane": "red", "rollcall-key": "user-1" });
    expect(await nested(app, {})).toEqual({});
  });

  it("is what an interceptor at the edge has verified", async () => {
    const signedIn: Interceptor = (next) => (call) => {
      call.metadata.set("rollcall-key", "verified");
      return next(call);
    };
    await using app = await testApp({ services, interceptors: [signedIn] }).fake(Billing, paid);
    expect(await nested(app, claimed)).toEqual({ "rollcall-key": "verified" });
  });
});
