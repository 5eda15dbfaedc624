// Compiled, never run: each expectation is one that `tsc -b` checks.
import { Service, type ServerCallContext } from "@rollcall/app";
import {
  Billing,
  Orders,
  type ChargeReply,
  type ChargeReplyInit,
  type ChargeRequest,
  type GetOrder,
  type ImportSummaryInit,
  type Order,
  type OrderInit,
  type WatchOrders,
} from "../fixtures/gen/shop/v1/shop.js";

@Service(Billing)
export class Complete {
  async charge({ cents }: ChargeRequest, ctx: ServerCallContext): Promise<ChargeReplyInit> {
    ctx.responseTrailer.set("cents", cents);
    return { ok: true };
  }
}

@Service(Billing)
export class InferredResult {
  async charge(): Promise<{ ok: boolean }> {
    return { ok: true };
  }
  anything(): void {}
}

@Service(Billing)
export class InjectsAnything {
  constructor(readonly date: Date) {}
  async charge() {
    return { ok: true };
  }
}

@Service(Orders)
export class EveryKind {
  async get({ id }: GetOrder) {
    return { id, cents: 5n, payload: new Uint8Array() };
  }
  async put(request: Order): Promise<OrderInit> {
    return request;
  }
  async *watch({ count }: WatchOrders): AsyncIterable<OrderInit> {
    yield { cents: count };
  }
  async import(requests: AsyncIterable<Order>): Promise<ImportSummaryInit> {
    let count = 0;
    for await (const { id } of requests) count += id.length;
    return { count };
  }
  async *chat(requests: AsyncIterable<Order>): AsyncIterable<OrderInit> {
    for await (const { cents } of requests) yield { cents };
  }
}

// @ts-expect-error -- charge is missing
@Service(Billing)
export class MissesMethod {}

// @ts-expect-error -- the request is another message
@Service(Billing)
export class WrongParameter {
  async charge(request: Order): Promise<ChargeReplyInit> {
    return { ok: request.id === "" };
  }
}

// @ts-expect-error -- the answer's field has another type
@Service(Billing)
export class WrongResult {
  async charge(): Promise<{ ok: string }> {
    return { ok: "yes" };
  }
}

// @ts-expect-error -- a unary method answers by a promise
@Service(Billing)
export class SynchronousResult {
  charge(): ChargeReply {
    return { ok: true };
  }
}

// @ts-expect-error -- a stream where a promise is due
@Service(Billing)
export class StreamForUnary {
  async *charge(): AsyncIterable<ChargeReplyInit> {
    yield { ok: true };
  }
}

// @ts-expect-error -- `okay` is no field of the message: the wire would drop it without a word
@Service(Billing)
export class UnknownFieldInResult {
  async charge() {
    return { ok: true, okay: true };
  }
}

// @ts-expect-error -- nor of a streamed one
@Service(Orders)
export class UnknownFieldInStream extends EveryKind {
  override async *watch() {
    yield { id: "1", identity: "1" };
  }
}
