import type { BalancerFactory } from "@rollcall/core";
import type { OutlierEjectionOptions } from "./ejection-options.js";
import { outlierEjection } from "./outlier-ejection.js";
import { subsetting } from "./subsetting.js";
import { zoneAware, type ZoneAwareOptions } from "./zone-aware.js";

/** What stands around a policy. */
export interface StandardStackOptions {
  /** How many endpoints a caller uses. Default: all. */
  readonly subsetSize?: number | undefined;
  /** Default on, without effect while the caller's zone is not known. */
  readonly zoneAware?: ZoneAwareOptions | false;
  /** Default on. */
  readonly outlierEjection?: OutlierEjectionOptions | false;
}

/**
 * A policy with what belongs around it, from the outside in: subsetting, zone awareness, outlier ejection. So an ejected
 * endpoint lowers its zone's healthy share, and calls spill over for it.
 * @throws RangeError when the subset size is not a whole number of 1 or more
 */
export function standardStack(policy: BalancerFactory, options: StandardStackOptions = {}): BalancerFactory {
  const { subsetSize, zoneAware: zones = {}, outlierEjection: outliers = {} } = options;
  let stack = policy;
  if (outliers !== false) stack = outlierEjection(stack, outliers);
  if (zones !== false) stack = zoneAware(stack, zones);
  if (subsetSize !== undefined) stack = subsetting(stack, { size: subsetSize });
  return stack;
}
