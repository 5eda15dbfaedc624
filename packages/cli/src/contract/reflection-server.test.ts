import { Code, RpcError, type ServiceContract } from "@rollcall/core";
import { expect, it } from "vitest";
import { reflectionServer, type ReflectionServer } from "./reflection-server.js";

type Serve = (path: string) => AsyncIterable<object>;

/** Over a connection that answers by the path of the method. */
function over(serve: Serve): { readonly server: ReflectionServer; readonly closed: string[] } {
  const closed: string[] = [];
  const server = reflectionServer({
    service: "shop.v1.Orders",
    target: "10.0.0.1:80",
    timeoutMs: 5_000,
    connect: <S>(contract: ServiceContract<S>) => {
      expect(contract.name).toBe("shop.v1.Orders");
      const { path } = (contract.methods as ServiceContract<any>["methods"])["serverReflectionInfo"]!;
      const client = {
        serverReflectionInfo: () => serve(path),
        [Symbol.asyncDispose]: async () => void closed.push(path),
      };
      return client as never;
    },
  });
  return { server, closed };
}

async function* failing(code: Code): AsyncIterable<object> {
  throw new RpcError(code, "no");
  // oxlint-disable-next-line no-unreachable -- a generator must yield
  yield {};
}

async function* endless(): AsyncIterable<object> {
  for (;;) yield { errorResponse: {} };
}

it("falls back to v1alpha, and stays there", async () => {
  const asked: string[] = [];
  const { server, closed } = over((path) => {
    asked.push(path);
    return path.includes("v1alpha") ? endless() : failing(Code.Unimplemented);
  });
  expect(await server.ask([{ listServices: "" }, { listServices: "" }])).toHaveLength(2);
  await server.ask([{ listServices: "" }]);
  const [v1, v1alpha] = ["v1", "v1alpha"].map(
    (version) => `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
  );
  expect(asked).toEqual([v1, v1alpha, v1alpha]);
  expect(closed).toEqual([v1]);
  await server[Symbol.asyncDispose]();
  expect(closed).toEqual([v1, v1alpha]);
});

it("says how to switch reflection on where there is none", async () => {
  const { server } = over(() => failing(Code.Unimplemented));
  await expect(server.ask([{ listServices: "" }])).rejects.toThrow(
    "10.0.0.1:80 has no server reflection; start it with ROLLCALL_REFLECTION=true (createApp({ reflection: true })), or give its contract with --proto or --contract",
  );
});

it("says who did not answer", async () => {
  const { server } = over(() => failing(Code.Unavailable));
  await expect(server.ask([{ listServices: "" }])).rejects.toThrow(
    "10.0.0.1:80 did not say what its contract is: [unavailable]: no",
  );
});
