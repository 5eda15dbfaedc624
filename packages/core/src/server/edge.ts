import type { Interceptor } from "../call/call.js";
import { dropIdentity } from "../routing/identity.js";

/** Drops the identity that callers claim. An interceptor of the app may set what it has verified instead. */
export const edge: Interceptor = (next) => (call) => {
  dropIdentity(call.metadata);
  return next(call);
};
