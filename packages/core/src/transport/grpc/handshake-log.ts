import type { Http2Server } from "node:http2";
import type { TLSSocket } from "node:tls";
import type { Logger } from "pino";
import type { Clock } from "../../ports/clock.js";

/** Between log lines, in milliseconds: who scans ports must not fill the log. */
const quietMs = 10_000;

/**
 * Logs TLS handshakes that failed, with the peer and why; those between two lines are counted in the second. Peers that
 * only left, as probes of a port do, are not logged.
 */
export function logFailedHandshakes(http2: Http2Server, logger: Logger, clock: Clock): void {
  let failed = 0;
  let loggedMs = -Infinity;
  http2.on("tlsClientError", (error: NodeJS.ErrnoException, socket: TLSSocket) => {
    if (error.code === "ECONNRESET") return;
    failed++;
    const nowMs = clock.now();
    if (nowMs - loggedMs < quietMs) return;
    const { remoteAddress: peer } = socket;
    logger.warn({ peer, reason: error.code ?? error.message, failed }, "TLS handshake failed");
    failed = 0;
    loggedMs = nowMs;
  });
}
