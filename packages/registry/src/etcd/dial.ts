import { rootCertificates } from "node:tls";
import { InterceptingCall, status as Status, type CallOptions, type Interceptor } from "@grpc/grpc-js";
import { noop } from "cockatiel";
import { Etcd3 } from "etcd3";
import type { Auth } from "./auth.js";
import { staleToken } from "./failure.js";
import type { EtcdSettings, EtcdTls } from "./options.js";

/** etcd answers pings that come more often than every 5 s with GOAWAY. */
const keepaliveMs = 10_000;
const keepaliveTimeoutMs = 5000;

/**
 * A client of one member, with its own connection and none of etcd3's retries and breakers: those repeat transactions and
 * shut a healthy server out for 5 s.
 * @param auth whose token every call carries; undefined for the call that gets it
 */
export function dial(endpoint: string, settings: EtcdSettings, auth: Auth | undefined): Etcd3 {
  const options: CallOptions = { interceptors: [annotate(auth)] };
  return new Etcd3({
    hosts: endpoint,
    ...(settings.tls ? { credentials: credentialsOf(settings.tls) } : {}),
    faultHandling: { host: () => noop, global: noop },
    defaultCallOptions: ({ isStream }) =>
      isStream ? options : { ...options, deadline: Date.now() + settings.dialTimeoutMs },
    grpcOptions: {
      "grpc.use_local_subchannel_pool": 1,
      "grpc.keepalive_time_ms": keepaliveMs,
      "grpc.keepalive_timeout_ms": keepaliveTimeoutMs,
      "grpc.initial_reconnect_backoff_ms": 100,
      "grpc.max_reconnect_backoff_ms": 1000,
      // A list with many large records of others must not fail for ever.
      "grpc.max_receive_message_length": -1,
      // Members are neighbours; a proxy meant for the outside must not get their traffic.
      "grpc.enable_http_proxy": 0,
    },
  });
}

function credentialsOf(tls: EtcdTls): { rootCertificate: Buffer; privateKey?: Buffer; certChain?: Buffer } {
  return {
    rootCertificate: Buffer.from(tls.ca ?? rootCertificates.join("\n")),
    ...(tls.cert !== undefined && tls.key !== undefined
      ? { certChain: Buffer.from(tls.cert), privateKey: Buffer.from(tls.key) }
      : {}),
  };
}

/**
 * Adds `hasleader`, without which a member that lost its cluster stays silent for ever, and the token. A refusal of the
 * token is renamed, because etcd3 repeats a call without end on the original text.
 */
function annotate(auth: Auth | undefined): Interceptor {
  return (options, next) => {
    let sent: string | undefined;
    return new InterceptingCall(next(options), {
      start(metadata, _listener, start) {
        const annotated = metadata.clone();
        annotated.set("hasleader", "true");
        sent = auth?.token;
        if (sent) annotated.set("token", sent);
        start(annotated, {
          onReceiveStatus(status, pass) {
            if (!auth?.needed || !refusesToken(status.details)) return pass(status);
            auth.drop(sent);
            pass({ ...status, code: Status.UNAUTHENTICATED, details: staleToken });
          },
        });
      },
    });
  };
}

/** Whether a status or a watch's cancel reason means that a new token may help. */
export function refusesToken(details: string): boolean {
  return ["invalid auth token", "revision of auth store is old", "user name is empty"].some((text) =>
    details.includes(`etcdserver: ${text}`),
  );
}
