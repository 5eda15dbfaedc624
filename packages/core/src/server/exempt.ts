import type { MethodContract } from "../contract/contract.js";

/** By which others judge and steer a server: when it is busiest, they must still get through. */
const services = ["/grpc.health.v1.Health/", "/rollcall.link.v1.Link/"];

/** Whether calls of a method are let through whatever the server's load. */
export function isExempt(method: MethodContract): boolean {
  return services.some((service) => method.path.startsWith(service));
}
