import { Code, defineError } from "@rollcall/app";

export const OutOfStock = defineError({
  reason: "OUT_OF_STOCK",
  domain: "shop.example",
  code: Code.FailedPrecondition,
  metadata: ["sku", "back?"],
});
