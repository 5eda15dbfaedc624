import { Code, type RpcError } from "@rollcall/app";
import {
  assertCalled,
  assertCalledTimes,
  assertNotCalled,
  assertRpcError,
  testApp,
  type CallLog,
  type TestApp,
} from "@rollcall/testing";
import { Billing, Orders } from "../fixtures/gen/shop/v1/shop.js";
import { OrdersRepository, OrdersService } from "../testing/shop.js";

/** A builder is awaitable, and every step gives it back. */
export async function build(): Promise<TestApp> {
  const app = await testApp({ services: [OrdersService], seed: 1, clock: "fake" })
    .fake(Billing, { charge: async ({ cents }) => ({ ok: cents === "1" }) })
    .fake(Orders, {})
    .override(OrdersRepository, { find: (id) => ({ id }) });

  // @ts-expect-error -- no such clock
  testApp({ clock: "slow" });
  // @ts-expect-error -- the test app brings its own transport
  testApp({ transport: undefined });
  return app;
}

export function fakes(app: TestApp): void {
  const builder = testApp();
  // @ts-expect-error -- no such method
  builder.fake(Billing, { refund: async () => ({}) });
  // @ts-expect-error -- no such field in the answer
  builder.fake(Billing, { charge: async () => ({ paid: true }) });
  // @ts-expect-error -- the request has no such field
  builder.fake(Billing, { charge: async ({ amount }) => ({ ok: amount === 1 }) });
  // @ts-expect-error -- a handler answers with a promise
  builder.fake(Billing, { charge: () => ({ ok: true }) });
  // @ts-expect-error -- a stream is not a promise
  builder.fake(Orders, { watch: async () => ({ id: "1" }) });
  // @ts-expect-error -- the class has no such method
  builder.override(OrdersRepository, { search: () => ({}) });
  // @ts-expect-error -- the same for a fake that is replaced
  app.fake(Billing, { refund: async () => ({}) });
}

export function calls(app: TestApp): void {
  const cents: string | undefined = app.calls(Billing).charge[0]?.request.cents;
  const log: CallLog<Billing["charge"]> = app.calls(Billing).charge;
  const ok: boolean | undefined = log[0]?.response?.ok;
  const ids: (string | undefined)[] | undefined = app.calls(Orders).watch[0]?.responses.map(({ id }) => id);
  const sent: string[] | undefined = app.calls(Orders).import[0]?.requests.map(({ id }) => id);
  void [cents, ok, ids, sent];
  // @ts-expect-error -- no such method
  void app.calls(Billing).refund;
  // @ts-expect-error -- no such field
  void app.calls(Billing).charge[0]?.request.amount;
  // @ts-expect-error -- a stream of requests has no single one
  void app.calls(Orders).chat[0]?.request;
  // @ts-expect-error -- what happened cannot be changed
  app.calls(Billing).charge.pop();
  // @ts-expect-error -- there may be no call at all
  void app.calls(Billing).charge[0].request;
}

export function clients(app: TestApp): void {
  void app.client(Orders).get({ id: "1" });
  // @ts-expect-error -- no such field
  void app.client(Orders).get({ name: "1" });
}

export async function assertions(app: TestApp): Promise<void> {
  const charge = assertCalled(app.calls(Billing).charge, { request: { cents: "1" }, response: { ok: true } });
  const cents: string = charge.request.cents;
  assertCalledTimes(app.calls(Orders).import, 1, { requests: [{ id: "1" }] });
  assertNotCalled(app.calls(Orders).get, { code: Code.Ok });
  const error: RpcError = await assertRpcError(app.client(Orders).get({}), Code.NotFound, /order/);
  await assertRpcError(app.client(Orders).watch({}), Code.NotFound);
  void [cents, error];
  // @ts-expect-error -- no such field
  assertCalled(app.calls(Billing).charge, { request: { amount: "1" } });
  // @ts-expect-error -- int64 arrives as a string
  assertCalled(app.calls(Billing).charge, { request: { cents: 1 } });
  // @ts-expect-error -- no such code
  await assertRpcError(app.client(Orders).get({}), 99);
  // @ts-expect-error -- a call, not what it answered with
  await assertRpcError({ id: "1" }, Code.NotFound);
}
