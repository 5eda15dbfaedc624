import { badRequest, Client, Code, retryInfo, RpcError, Service } from "@rollcall/app";
import {
  Billing,
  Orders,
  type GetOrder,
  type ImportSummaryInit,
  type Order,
  type OrderInit,
} from "../../fixtures/gen/shop/v1/shop.js";
import { OutOfStock } from "./order-errors.js";

@Service(Orders)
export class OrdersService {
  constructor(@Client(Billing) private readonly billing: Client<Billing>) {}

  async get({ id }: GetOrder): Promise<OrderInit> {
    if (id === "")
      throw new RpcError(Code.InvalidArgument, "which order?", {
        details: [badRequest([{ field: "id", description: "is empty" }])],
      });
    if (id === "busy")
      throw new RpcError(Code.ResourceExhausted, "too many orders", { details: [retryInfo(1500)] });
    throw new TypeError(`cannot read the row of ${id} in orders_2026`);
  }

  async put({ id, cents }: Order): Promise<OrderInit> {
    if (cents === "0") throw new OutOfStock("no more of it", { sku: id, back: "2026-12-01" });
    try {
      await this.billing.charge({ cents });
    } catch (error) {
      // What billing tells in details is meant for this service. It goes on to our caller because we say so.
      const { code, reason, details } = RpcError.from(error);
      throw new RpcError(code, `cannot be paid: ${reason}`, { details, cause: error });
    }
    return { id };
  }

  async *watch(): AsyncIterable<OrderInit> {}
  async import(): Promise<ImportSummaryInit> {
    return {};
  }
  async *chat(): AsyncIterable<OrderInit> {}
}
