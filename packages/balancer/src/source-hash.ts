import { currentCall, type BalancerFactory, type CallContext, type ServerCallContext } from "@rollcall/core";
import { RingHash } from "./ring-hash.js";
import { hashText } from "./text-hash.js";

/** How much of a peer's address is its host: `10.0.0.1` of `10.0.0.1:5000`; all of it where there is no port. */
export function hostLength(address: string): number {
  const colon = address.lastIndexOf(":");
  if (colon < 0 || colon === address.length - 1) return address.length;
  for (let i = colon + 1; i < address.length; i++) {
    const digit = address.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return address.length;
  }
  // In an IPv6 address without a port the last colon is not one of a port.
  return address.indexOf(":") === colon || address[colon - 1] === "]" ? colon : address.length;
}

/**
 * Calls of one source to one endpoint, in proportion to the weights. The source is the host of the peer whose call is
 * being handled right now, without its port, so that a gateway's users each stay with an endpoint; where no call is
 * being handled, it is this process, which then stays with one endpoint itself. Behind a proxy all sources are the
 * proxy: use `keyHash` there.
 *
 * Everything else is as with `keyHash`.
 *
 * Source: the source-address hash of gRFC A42's and Envoy's ring hash,
 * https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/load_balancers#ring-hash
 */
export const sourceHash: BalancerFactory = {
  name: "source-hash",
  create: (env) => {
    const own = hashText(env.caller);
    return new RingHash(env, () => {
      const peer = peerOf(currentCall());
      return peer === undefined ? own : hashText(peer, 0, hostLength(peer));
    });
  },
};

/** Only calls on a server have one. */
function peerOf(call: CallContext | undefined): string | undefined {
  return (call as Partial<ServerCallContext> | undefined)?.peer?.address;
}
