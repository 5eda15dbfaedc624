import { Code, RpcError } from "@rollcall/app";
import { assertRpcError, testApp } from "@rollcall/testing";
import { expect, test } from "vitest";
import { {{Service}} } from "./gen/{{package}}/v1/{{package}}.js";
import { greetAll } from "./greet-all.js";

// The service is a fake; the call to it is real, with its deadline, its serialisation and its errors.
test("greets everybody, in order", async (context) => {
  const app = await testApp({ test: context }).fake({{Service}}, {
    greet: async ({ name }) => ({ text: `Hi, ${name}`, servedBy: "a fake" }),
  });
  const lines = await greetAll(app.client({{Service}}), ["Ada", "Grace"]);
  expect(lines).toEqual(["Hi, Ada (from a fake)", "Hi, Grace (from a fake)"]);
  expect(app.calls({{Service}}).greet.map(({ request }) => request.name)).toEqual(["Ada", "Grace"]);
});

test("fails with what the service answers", async (context) => {
  const app = await testApp({ test: context }).fake({{Service}}, {
    greet: async () => {
      throw new RpcError(Code.NotFound, "no greeting today");
    },
  });
  await assertRpcError(greetAll(app.client({{Service}}), ["Ada"]), Code.NotFound, /today/);
});
