import { Metadata } from "@grpc/grpc-js";
import { createCall } from "../call/pipeline-call.js";
import { Code } from "../code.js";
import { methodName } from "../contract/contract.js";
import { RpcError } from "../errors.js";
import { Health, type HealthCheckResponse } from "../gen/grpc/health/v1/health.js";
import { boundedSignal } from "../lifecycle/bounded.js";
import type { Clock } from "../ports/clock.js";
import type { Connection } from "../ports/transport.js";

/** A server that does not answer within this is not there. */
const probeTimeoutMs = 2_000;

/**
 * Asks over a connection whether the service is still served there: by its link, which is with the instance meant and no
 * other, else by the gRPC health protocol. A server without that protocol lives too, since it answered; one that knows no
 * such service is another server at the same address.
 */
export async function probe(connection: Connection, service: string, clock: Clock): Promise<boolean> {
  const { signal, release } = boundedSignal(clock, probeTimeoutMs);
  try {
    if (await pinged(connection, signal)) return true;
    const { status } = await check(connection, service, signal);
    return status === "SERVING";
  } catch (error) {
    return error instanceof RpcError && error.origin === "remote" && error.code === Code.Unimplemented;
  } finally {
    release();
  }
}

/**
 * Resolves when the process at the other end answers anything at all; rejects when the signal aborts first, or when the
 * question could not be put.
 */
export async function answers(connection: Connection, service: string, signal: AbortSignal): Promise<void> {
  if (await pinged(connection, signal)) return;
  try {
    await check(connection, service, signal);
  } catch (error) {
    if (!(error instanceof RpcError && error.origin === "remote")) throw error;
  }
}

/** False when there is nothing to ping; rejects when there was no answer. */
async function pinged(connection: Connection, signal: AbortSignal): Promise<boolean> {
  if (!connection.ping) return false;
  try {
    await connection.ping(signal);
    return true;
  } catch (error) {
    if (signal.aborted) throw error;
    return false;
  }
}

/** Made by hand: a probe must not end with the call that happens to be handled when it is made. */
async function check(
  connection: Connection,
  service: string,
  signal: AbortSignal,
): Promise<HealthCheckResponse> {
  const method = Health.methods.check;
  const call = createCall({ method, metadata: new Metadata(), deadline: Infinity, request: { service } });
  const path = methodName(method);
  const over = Promise.withResolvers<never>();
  const aborted = (): void => {
    const late = new RpcError(Code.DeadlineExceeded, "no answer in time", { path });
    over.reject(late);
    call.cancel(late);
  };
  if (signal.aborted) aborted();
  signal.addEventListener("abort", aborted, { once: true });
  try {
    const reply = await Promise.race([connection.call(call), over.promise]);
    if (reply.responseStream) throw new RpcError(Code.Internal, "a stream answered a unary call", { path });
    return reply.response as HealthCheckResponse;
  } finally {
    signal.removeEventListener("abort", aborted);
  }
}
