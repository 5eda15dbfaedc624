import type { Interceptor, ServerCallContext } from "../call/call.js";
import { dropIdentity } from "../routing/identity.js";

/** Drops the identity that callers claim, unless they have proved who they are: then they are trusted. An interceptor of the app may set what it has verified instead. */
export const edge: Interceptor = (next) => (call) => {
  const { peer } = call as unknown as ServerCallContext;
  if (peer.identity === undefined) dropIdentity(call.metadata);
  return next(call);
};
