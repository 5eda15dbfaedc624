import type { Http2Session, ServerHttp2Stream } from "node:http2";
import type { TLSSocket } from "node:tls";
import type { Call, Interceptor, Peer, ServerCallContext } from "../../call/call.js";
import { Code } from "../../code.js";
import { methodName } from "../../contract/contract.js";
import { RpcError } from "../../errors.js";
import { linkPath } from "../../link/link-protocol.js";
import { refusedPeers } from "../../tls/refused-peers.js";
import { identityOf } from "../../tls/peer-identity.js";

/** What a client has shown of itself in the TLS handshake. */
interface ShownCertificate {
  readonly identity?: string | undefined;
  /** Why what it has shown proves nothing. */
  readonly fault?: string | undefined;
}

/** Certificates belong to connections, which have many calls. */
const known = new WeakMap<Http2Session, ShownCertificate>();

/** A client as a server with TLS sees it. */
export class TlsPeer implements Peer {
  readonly address: string;
  readonly #shown: ShownCertificate;

  constructor(address: string, stream: Pick<ServerHttp2Stream, "session">) {
    this.address = address;
    this.#shown = shownOn(stream.session);
  }

  get identity(): string | undefined {
    return this.#shown.identity;
  }

  get fault(): string | undefined {
    return this.#shown.fault;
  }
}

function shownOn(session: Http2Session | undefined): ShownCertificate {
  if (!session || session.destroyed) return {};
  let shown = known.get(session);
  if (!shown) known.set(session, (shown = read(session.socket as TLSSocket)));
  return shown;
}

function read(socket: TLSSocket): ShownCertificate {
  const certificate = socket.getPeerX509Certificate();
  if (!certificate) return {};
  return socket.authorized
    ? { identity: identityOf(certificate) }
    : { fault: `the client's certificate is not valid: ${String(socket.authorizationError)}` };
}

/**
 * Lets through the calls of peers that may make them. Others get `unauthenticated` when their certificate is not valid,
 * and `permission_denied` when there is a list and they are not on it: exactly, letter by letter. Links are open to all: a
 * caller that is refused one would wait for a connection, and never learn why. But those of others carry no calls.
 */
export function authorizePeers(allowedPeers: ReadonlySet<string> | undefined): Interceptor {
  return (next) => async (call) => {
    const { peer } = call as unknown as ServerCallContext;
    const refusal = refusalOf(peer as TlsPeer, allowedPeers, call);
    if (!refusal) return next(call);
    if (call.method.path !== linkPath) throw refusal;
    refusedPeers.add(peer);
    return next(call);
  };
}

function refusalOf(
  { identity, fault }: TlsPeer,
  allowedPeers: ReadonlySet<string> | undefined,
  { method }: Call,
): RpcError | undefined {
  const isAllowed = !allowedPeers || (identity !== undefined && allowedPeers.has(identity));
  if (fault === undefined && isAllowed) return undefined;
  const options = { path: methodName(method), processed: "no" } as const;
  if (fault !== undefined) return new RpcError(Code.Unauthenticated, fault, options);
  const who = identity === undefined ? "a client without an identity" : JSON.stringify(identity);
  return new RpcError(Code.PermissionDenied, `${who} may not call here (tls.allowedPeers)`, options);
}
