import { createApp, createClient } from "@rollcall/app";
import { EtcdServer } from "@rollcall/testing";
import { expect, test } from "vitest";
import { {{Service}} } from "./gen/{{package}}/v1/{{package}}.js";
import { {{Service}}Service } from "./{{name}}-service.js";

// Real ports, and an etcd that speaks over one: nothing has to run beside the test.
test("serves callers that find it in the registry, and leaves them in order", async () => {
  await using etcd = await EtcdServer.start();
  const app = createApp({
    name: "{{name}}",
    services: [{{Service}}Service],
    registry: etcd.url,
    host: "127.0.0.1",
    logLevel: "silent",
    env: {},
  });
  await app.start();
  await using client = createClient({{Service}}, { registry: etcd.url });

  expect(await client.greet({ name: "Ada", language: "de" })).toMatchObject({ text: "Hallo, Ada" });
  for await (const { text } of client.watch({ name: "Grace" })) {
    expect(text).toBe("Hello, Grace");
    break;
  }
  await app.stop();
  await expect(client.greet({}, { timeoutMs: 100 })).rejects.toThrow();
});
