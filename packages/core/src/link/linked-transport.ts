import type { Transport } from "../ports/transport.js";
import { linkFeature } from "./link-protocol.js";
import { LinkedConnection, type LinkEnv } from "./linked-connection.js";

/**
 * A transport whose connections to Rollcall instances have a link each: see `LinkedConnection`. Instances whose records
 * do not promise one, of other languages or with an address alone, are connected to as the transport does by itself.
 */
export function linkedTransport(transport: Transport, env: LinkEnv): Transport {
  return {
    connect(instance, options) {
      const connection = transport.connect(instance, options);
      return instance.features.includes(linkFeature)
        ? new LinkedConnection(connection, instance, env)
        : connection;
    },
  };
}
