import type {
  handleUnaryCall,
  Metadata,
  sendUnaryData,
  ServerUnaryCall,
  UntypedHandleCall,
} from "@grpc/grpc-js";
import { Code } from "@rollcall/core";
import { EtcdError } from "./errors.js";
import type { Faults } from "./faults.js";
import type { Member } from "./member.js";
import type { Users } from "./users.js";

/** What the services work on. The member is another one after a wipe, so it is read at every call. */
export interface Backend {
  readonly member: Member;
  readonly users: Users;
  readonly faults: Faults;
}

/** The token a client sends, by either of the two names that etcd's clients use. */
export function tokenOf(metadata: Metadata): string | undefined {
  return (metadata.get("token")[0] ?? metadata.get("authorization")[0])?.toString();
}

/** Turns functions from request to answer into handlers; `open` ones ask for no token. */
export function unaryHandlers(
  backend: Backend,
  methods: Readonly<Record<string, (request: never) => object>>,
  { open = false }: { open?: boolean } = {},
): Record<string, UntypedHandleCall> {
  const handlers = Object.entries(methods).map(([name, run]) => {
    const handler: handleUnaryCall<never, object> = (call, callback) => answer(call, callback, name, run);
    return [name, handler as UntypedHandleCall] as const;
  });
  return Object.fromEntries(handlers);

  function answer(
    call: ServerUnaryCall<never, object>,
    callback: sendUnaryData<object>,
    name: string,
    run: (request: never) => object,
  ): void {
    try {
      backend.faults.check(name, false);
      const refused = open ? undefined : backend.users.refusal(tokenOf(call.metadata));
      if (refused) throw refused;
      const result = run(call.request);
      backend.faults.check(name, true);
      callback(null, result);
    } catch (error) {
      const known = error instanceof EtcdError;
      const failure = {
        code: known ? error.code : Code.Internal,
        details: known ? error.message : String(error),
      };
      callback(failure);
    }
  }
}

/** Completes an answer's header: the revision it already has, or the current one. */
export function withHeader<T extends { readonly header?: { readonly revision?: unknown } }>(
  member: Member,
  answer: T,
): T {
  return {
    ...answer,
    header: member.header((answer.header?.revision as number | undefined) ?? member.store.revision),
  };
}
