import { createApp, Service } from "@rollcall/app";
import { Billing, type ChargeReplyInit } from "../../fixtures/gen/shop/v1/shop.js";

process.on("disconnect", () => process.exit(1));
process.channel?.unref();

/** Another service than the one that callers look for. */
@Service(Billing)
class BillingService {
  async charge(): Promise<ChargeReplyInit> {
    return { ok: true };
  }
}

await createApp({ name: "billing", version: "1.0.0", services: [BillingService] }).run();
