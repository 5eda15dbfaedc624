import { ConfigError } from "@rollcall/core";
import { z } from "zod";

/** A full proto name: `shop.v1.Orders`. It has no slash, so no service's keys are among another's. */
export const serviceName: z.ZodString = z
  .string()
  .max(256)
  .regex(/^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/, "is not a full proto name");

/** @throws ConfigError for what is not a full proto name */
export function checkServiceName(service: string): void {
  if (!serviceName.safeParse(service).success)
    throw new ConfigError(`service ${JSON.stringify(service)} is not a full proto name: shop.v1.Orders`);
}
