import type { Balancer, BalancerEnv, Endpoint } from "@rollcall/core";

/** A balancer that tells how much of its view it trusts: what zone awareness goes by. */
export interface HealthAware extends Balancer {
  /** From 0 to 1: the share of the view's endpoints that are not ejected. */
  readonly healthyShare: number;
  trusts(endpoint: Endpoint): boolean;
}

/** Balancers that each have a part of one view, and the limit of ejections in common. */
export interface EjectionQuota {
  /** Endpoints in all parts. */
  endpoints: number;
  /** Ejections in force in all parts. */
  ejected: number;
}

/** What zone awareness gives to the balancers of its zones. */
export interface PartEnv extends BalancerEnv {
  readonly ejections: EjectionQuota;
}

export function healthOf(balancer: Balancer): HealthAware | undefined {
  return "healthyShare" in balancer ? (balancer as HealthAware) : undefined;
}

/** The quota that a balancer shares; one of its own when it has the view to itself. */
export function quotaOf(env: BalancerEnv): EjectionQuota {
  return "ejections" in env ? (env as PartEnv).ejections : { endpoints: 0, ejected: 0 };
}
