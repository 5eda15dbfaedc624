import type { Transport } from "../ports/transport.js";
import { linkFeature } from "./link-protocol.js";
import { LinkedConnection, type LinkEnv } from "./linked-connection.js";
import { PairedConnection } from "./paired-connection.js";

/**
 * A transport whose connections to Rollcall instances have a link each, see `LinkedConnection`, and become two while they
 * are busy, see `PairedConnection`. Instances whose records
 * do not promise one, of other languages or with an address alone, are connected to as the transport does by itself.
 */
export function linkedTransport(transport: Transport, env: LinkEnv): Transport {
  return {
    connect(instance, options) {
      const connection = transport.connect(instance, options);
      if (!instance.features.includes(linkFeature)) return connection;
      return new PairedConnection(
        new LinkedConnection(connection, instance, env),
        instance,
        (same) => new LinkedConnection(transport.connect(same, options), same, { ...env, lane: false }),
      );
    },
  };
}
