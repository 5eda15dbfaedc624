import { bindClient } from "../client/bind-client.js";
import { deadline } from "../client/deadline.js";
import { compose } from "../call/compose.js";
import { Code } from "../code.js";
import { RpcError } from "../errors.js";
import { Health } from "../gen/grpc/health/v1/health.js";
import type { Clock } from "../ports/clock.js";
import type { Connection } from "../ports/transport.js";

/** A server that does not answer within this is not there. */
const probeTimeoutMs = 2_000;

/**
 * Asks over a connection whether the service is still served there, by the gRPC health protocol. A server without that
 * protocol lives too, since it answered; one that knows no such service is another server at the same address.
 */
export async function probe(connection: Connection, service: string, clock: Clock): Promise<boolean> {
  const pipeline = compose([deadline(clock)], connection.call);
  const health = bindClient(Health, pipeline, { clock, timeoutMs: probeTimeoutMs });
  try {
    const { status } = await health.check({ service });
    return status === "SERVING";
  } catch (error) {
    return error instanceof RpcError && error.origin === "remote" && error.code === Code.Unimplemented;
  }
}
