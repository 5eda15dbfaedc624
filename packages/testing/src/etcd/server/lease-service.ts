import type { ServerDuplexStream, UntypedHandleCall } from "@grpc/grpc-js";
import { keyBytes } from "./key-range.js";
import { type Backend, tokenOf, unaryHandlers } from "./unary.js";

/** etcd's Lease service. */
export function leaseService(backend: Backend): Record<string, UntypedHandleCall> {
  const unary = unaryHandlers(backend, {
    LeaseGrant({ ID, TTL }: { ID: string; TTL: string }) {
      const granted = backend.member.leases.grant(ID, Number(TTL));
      return { header: backend.member.header(), ID: granted.id, TTL: granted.ttlSeconds };
    },
    LeaseRevoke({ ID }: { ID: string }) {
      backend.member.leases.revoke(ID);
      return { header: backend.member.header() };
    },
    LeaseTimeToLive({ ID, keys }: { ID: string; keys: boolean }) {
      const lease = backend.member.leases.describe(ID);
      const header = backend.member.header();
      if (!lease) return { header, ID, TTL: -1 };
      return {
        header,
        ID,
        TTL: lease.remainingSeconds,
        grantedTTL: lease.ttlSeconds,
        keys: keys ? lease.keys.map(keyBytes) : [],
      };
    },
    LeaseLeases() {
      return { header: backend.member.header(), leases: backend.member.leases.ids().map((ID) => ({ ID })) };
    },
  });

  const LeaseKeepAlive = (call: ServerDuplexStream<{ ID: string }, object>): void => {
    const refused = backend.users.refusal(tokenOf(call.metadata));
    if (refused) {
      call.emit("error", { code: refused.code, details: refused.message });
      return;
    }
    call.on("data", ({ ID }) => {
      const header = backend.member.header();
      call.write({ header, ID, TTL: backend.member.leases.keepAlive(ID) });
    });
    call.on("end", () => call.end());
    call.on("error", () => {});
  };
  return { ...unary, LeaseKeepAlive: LeaseKeepAlive as UntypedHandleCall };
}
