import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { type App } from "@rollcall/app";
import { EtcdServer } from "@rollcall/testing";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Pki } from "../tls/fixtures/pki.js";
import { untilTrue } from "../registry/until.js";
import { ordersApp } from "./orders-app.js";
import { rollcallHere } from "./rollcall-here.js";
import { rollcall, RollcallProcess } from "./rollcall-process.js";
import { rollcallMain } from "../programs.js";

const proto = fileURLToPath(new URL("../fixtures/proto/shop/v1/shop.proto", import.meta.url));
const logger = pino({ level: "silent" });

let etcd: EtcdServer;
let app: App;
beforeAll(async () => {
  etcd = await EtcdServer.start({ port: 0 });
  app = ordersApp({ registry: etcd.url, reflection: true, logger });
  await app.start();
});
afterAll(async () => {
  await app.force();
  await etcd[Symbol.asyncDispose]();
});

const call = (...args: readonly string[]): ReturnType<typeof rollcallHere> =>
  rollcallHere(etcd.url, "call", ...args);

describe("rollcall call, over a registry and real connections", () => {
  it("makes calls of all four kinds", async () => {
    expect(JSON.parse((await call("Orders/Get", '{"id":"1"}')).out)).toMatchObject({ id: "1" });
    expect((await call("Orders/Watch", '{"count":2}', "--json")).out).toBe('{"id":"1"}\n{"id":"2"}\n');
    expect((await call("Orders/Import", "{} {} {}", "--json")).out).toBe('{"count":3}\n');
    expect((await call("Orders/Chat", '{"id":"a"}{"id":"b"}', "--json")).out).toBe(
      '{"id":"a!"}\n{"id":"b!"}\n',
    );
  });

  it("is a process that reads requests from a pipe while it writes answers", async () => {
    const child = spawn(
      process.execPath,
      [rollcallMain, "call", "Orders/Chat", "-", "--json", "--address", app.address],
      {
        stdio: ["pipe", "pipe", "inherit"],
      },
    );
    const exited = once(child, "exit");
    let out = "";
    child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
    child.stdin.write('{"id":"þ"}\n{"id":');
    await untilTrue(() => out === '{"id":"þ!"}\n', 30_000);
    child.stdin.end('"b"}');
    expect(await exited).toEqual([0, null]);
    expect(out).toBe('{"id":"þ!"}\n{"id":"b!"}\n');
  });

  it("ends at Ctrl-C, and its call with it", async () => {
    const args = ["call", "Orders/Watch", "{}", "--json", "-v"];
    await using running = new RollcallProcess(etcd.url, args);
    await untilTrue(() => running.err.includes("header "), 30_000);
    running.child.kill("SIGINT");
    const { code, err } = await running.ended;
    expect(code).toBe(1);
    expect(err).toContain('"code":"cancelled"');
  });

  it("ends when nobody reads what it writes", async () => {
    await using running = new RollcallProcess(etcd.url, [
      "call",
      "Orders/Watch",
      '{"count":1000000}',
      "--json",
    ]);
    await untilTrue(() => running.out.includes("\n"), 30_000);
    running.child.stdout?.destroy();
    expect((await running.ended).code).toBe(1);
  });

  it("fails at its deadline", async () => {
    const { code, out, err } = await call(
      "Orders/Get",
      '{"id":"slow"}',
      "--proto",
      proto,
      "--timeout",
      // Connecting takes time too, and what has no connection by then is unavailable.
      "3s",
    );
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toMatch(/^error: shop\.v1\.Orders\/Get \[deadline_exceeded\]/);
  });

  it("waits for an instance until its deadline, and says so", async () => {
    const { code, err } = await call("shop.v1.Ordres/Get", "--timeout", "2s");
    expect(code).toBe(1);
    expect(err).toContain(
      "warning: no instance of shop.v1.Ordres is registered; did you mean shop.v1.Orders? ",
    );
    expect(err).toContain("error: shop.v1.Ordres did not say what its contract is: ");
  });

  it("finds an instance that comes while it waits", async () => {
    await using other = await EtcdServer.start({ port: 0 });
    const running = rollcallHere(
      other.url,
      "call",
      "shop.v1.Orders/Get",
      '{"id":"1"}',
      "--json",
      "--timeout",
      "20s",
    );
    const late = ordersApp({ registry: other.url, reflection: true, logger });
    await late.start();
    try {
      expect(await running).toMatchObject({ code: 0, out: expect.stringContaining('"id":"1"') });
    } finally {
      await late.force();
    }
  });

  it("exits 3 when the registry does not answer, 1 when the address does not", async () => {
    const gone = await EtcdServer.start({ port: 0 });
    const { url } = gone;
    await gone[Symbol.asyncDispose]();
    const [unreachable, refused] = await Promise.all([
      rollcallHere(url, "call", "Orders/Get", "--timeout", "500ms"),
      call(
        "shop.v1.Orders/Get",
        "--address",
        new URL(url.replace("etcd:", "http:")).host,
        "--proto",
        proto,
        "--timeout",
        "500ms",
      ),
    ]);
    expect(unreachable).toMatchObject({ code: 3, out: "" });
    expect(unreachable.err).toMatch(/^error: registry etcd:\/\/\S+ did not answer within 500ms/);
    expect(refused).toMatchObject({ code: 1, out: "" });
    expect(refused.err).toMatch(/^error: shop\.v1\.Orders\/Get \[(deadline_exceeded|unavailable)\]/);
  });

  it("says how to go on when the server has no reflection", async () => {
    const silent = ordersApp({ name: "silent", registry: "memory://", logger });
    await silent.start();
    try {
      const { code, err } = await call("shop.v1.Orders/Get", "--address", silent.address);
      expect(code).toBe(1);
      expect(err).toBe(
        `error: ${silent.address} has no server reflection; start it with ROLLCALL_REFLECTION=true (createApp({ reflection: true })), or give its contract with --proto or --contract\n`,
      );
    } finally {
      await silent.force();
    }
  });

  it("calls over TLS, asking for the contract under the name that the server proves", async () => {
    using pki = new Pki();
    const files = pki.files({ names: [{ dns: "shop.v1.Orders" }] });
    const secure = ordersApp({
      registry: "memory://",
      reflection: true,
      tls: { ...files, clientAuth: "none" },
      logger,
    });
    await secure.start();
    try {
      const to = ["--address", secure.address, "--json", "--timeout", "5s"];
      const get = ["shop.v1.Orders/Get", '{"id":"1"}', ...to];
      expect(await call(...get, "--ca", pki.caFile)).toMatchObject({
        code: 0,
        out: expect.stringContaining('"id":"1"'),
      });
      const named = await call(
        "Orders/Get",
        '{"id":"1"}',
        ...to,
        "--ca",
        pki.caFile,
        "--server-name",
        "shop.v1.Orders",
      );
      expect(named.code).toBe(0);
      const [plain, unknown] = await Promise.all([
        call(...get, "--timeout", "1s"),
        call(...get, "--tls", "--verbose", "--timeout", "1s"),
      ]);
      expect([plain.code, unknown.code]).toEqual([1, 1]);
      expect(unknown.err).toMatch(/^warning: connection failed: .*certificate/m);
    } finally {
      await secure.force();
    }
  });

  it("has help with examples", async () => {
    const { code, out } = await rollcall(etcd.url, "call", "--help");
    expect(code).toBe(0);
    expect(out).toContain('rollcall call Orders/Get \'{"id": "1"}\'');
  });
});
