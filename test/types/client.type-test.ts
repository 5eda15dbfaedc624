// Compiled, never run: each expectation is one that `tsc -b` checks.
import { Client, createClient, Metadata, type ClientMethod, type Unary } from "@rollcall/app";
import {
  Billing,
  Orders,
  type ChargeReply,
  type ImportSummary,
  type Order,
} from "../fixtures/gen/shop/v1/shop.js";

export class Accepted {
  constructor(
    @Client(Billing) readonly whole: Client<Billing>,
    @Client(Billing) readonly picked: Pick<Client<Billing>, "charge">,
    @Client(Billing) readonly nullable: Client<Billing> | null,
    @Client(Billing, { timeoutMs: 5, balancer: "round-robin", required: true })
    readonly optional?: Client<Billing>,
  ) {}
}

export class OtherClient {
  constructor(
    // @ts-expect-error -- the parameter is a client of another contract
    @Client(Billing) readonly orders: Client<Orders>,
  ) {}
}

export class NoClient {
  constructor(
    // @ts-expect-error -- the parameter is no client at all
    @Client(Billing) readonly name: string,
  ) {}
}

export class SecondIsWrong {
  constructor(
    @Client(Billing) readonly billing: Client<Billing>,
    // @ts-expect-error -- each parameter is checked by its own position
    @Client(Orders) readonly orders: Client<Billing>,
  ) {}
}

export class WrongOptions {
  constructor(
    // @ts-expect-error -- a timeout is a number
    @Client(Billing, { timeoutMs: "5" }) readonly billing: Client<Billing>,
  ) {}
}

export class WithFallback {
  constructor(
    @Client(Billing, {
      breaker: { probes: 1 },
      fallback: {
        charge: async ({ cents }, error) => ({ ok: cents !== undefined && error.processed === "no" }),
      },
    })
    readonly partial: Client<Billing>,
    @Client(Orders, {
      breaker: false,
      fallback: {
        get: ({ id }) => ({ id }),
        async *watch({ count }) {
          yield { id: String(count) };
        },
      },
    })
    readonly some: Client<Orders>,
  ) {}
}

export class WrongFallback {
  constructor(
    // @ts-expect-error -- a field of another type
    @Client(Orders, { fallback: { get: async () => ({ id: 1 }) } }) readonly field: Client<Orders>,
    // @ts-expect-error -- no such method
    @Client(Orders, { fallback: { charge: async () => ({}) } }) readonly method: Client<Orders>,
    // @ts-expect-error -- a message where a stream is due
    @Client(Orders, { fallback: { watch: async () => ({ id: "1" }) } }) readonly stream: Client<Orders>,
    // @ts-expect-error -- a method with a request stream has none
    @Client(Orders, { fallback: { import: async () => ({}) } }) readonly requests: Client<Orders>,
    // @ts-expect-error -- a ratio is a number
    @Client(Orders, { breaker: { failureRatio: "0.5" } }) readonly breaker: Client<Orders>,
  ) {}
}

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
declare function same<A, B>(yes: Same<A, B>): void;

declare const orders: Client<Orders>;
declare const billing: Client<Billing>;
declare const stream: AsyncIterable<{ id?: string }>;

export function methodsAreTyped(): void {
  same<ReturnType<typeof orders.get>, Promise<Order>>(true);
  same<ReturnType<typeof orders.watch>, AsyncIterable<Order>>(true);
  same<ReturnType<typeof orders.import>, Promise<ImportSummary>>(true);
  same<ReturnType<typeof orders.chat>, AsyncIterable<Order>>(true);
  same<ReturnType<ClientMethod<Unary<object, ChargeReply>>>, Promise<ChargeReply>>(true);
  same<keyof typeof billing, "charge">(true);
}

export async function callsAreTyped(): Promise<void> {
  await orders.get({});
  await orders.get(
    { id: undefined },
    { timeoutMs: 5, metadata: new Metadata(), signal: AbortSignal.timeout(5) },
  );
  await orders.import(stream);
  await billing.charge({ cents: 5n });
  for await (const { cents } of orders.watch({ count: 1 })) same<typeof cents, string>(true);
  // @ts-expect-error -- an unknown field
  await orders.get({ ident: "1" });
  // @ts-expect-error -- a field of another type
  await orders.get({ id: 1 });
  // @ts-expect-error -- a message where a stream is due
  await orders.import({ id: "1" });
  // @ts-expect-error -- a stream where a message is due
  await orders.get(stream);
  // @ts-expect-error -- an unknown option
  await orders.get({}, { timeout: 5 });
  // @ts-expect-error -- no such method
  await orders.delete({});
  // @ts-expect-error -- clients are read-only
  orders.get = billing.charge;
}

export async function createdClientsAreTyped(): Promise<void> {
  await using created = createClient(Billing, { registry: "memory://" });
  same<Awaited<ReturnType<typeof created.charge>>, ChargeReply>(true);
  await using some = createClient(Orders, { fallback: { get: async ({ id }) => ({ id }) }, breaker: false });
  same<Awaited<ReturnType<typeof some.get>>, Order>(true);
  // @ts-expect-error -- a field of another type
  createClient(Orders, { fallback: { get: async () => ({ id: 1 }) } });
  // @ts-expect-error -- not a contract
  createClient({ name: "Billing" });
}
