import type { UntypedHandleCall } from "@grpc/grpc-js";
import { type Backend, unaryHandlers } from "./unary.js";

/** The etcd release whose behaviour this server was compared with. */
const version = "3.6.16";

/** etcd's Maintenance service: Status alone. */
export function maintenanceService(backend: Backend): Record<string, UntypedHandleCall> {
  return unaryHandlers(
    backend,
    {
      Status() {
        const { member } = backend;
        return {
          header: member.header(),
          version,
          leader: member.memberId,
          raftIndex: member.raftIndex,
          raftTerm: member.raftTerm,
          raftAppliedIndex: member.raftIndex,
        };
      },
    },
    { open: true },
  );
}

/** etcd's Cluster service: MemberList alone, with the one member there is. */
export function clusterService(backend: Backend, clientUrl: () => string): Record<string, UntypedHandleCall> {
  return unaryHandlers(
    backend,
    {
      MemberList() {
        const { member } = backend;
        const clientURLs = [clientUrl()];
        return { header: member.header(), members: [{ ID: member.memberId, name: "test", clientURLs }] };
      },
    },
    { open: true },
  );
}

/** etcd's Auth service: Authenticate alone. */
export function authService(backend: Backend): Record<string, UntypedHandleCall> {
  return unaryHandlers(
    backend,
    {
      Authenticate({ name, password }: { name: string; password: string }) {
        return { token: backend.users.authenticate(name, password), header: backend.member.header() };
      },
    },
    { open: true },
  );
}
