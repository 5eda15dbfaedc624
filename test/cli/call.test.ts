import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Code, memoryRegistry, type App, type AppOptions, type Call } from "@rollcall/app";
import { memoryServerTransport, memoryTransport, MemoryNetwork } from "@rollcall/testing";
import { pino } from "pino";
import { afterEach, describe, expect, it } from "vitest";
import { CommandLine, type Ran } from "../../packages/cli/src/fixtures/command-line.js";
import { ordersApp } from "./orders-app.js";

const proto = join(import.meta.dirname, "../fixtures/proto/shop/v1/shop.proto");
const module = join(import.meta.dirname, "../fixtures/gen/shop/v1/shop.ts");

let app: App | undefined;
afterEach(async () => {
  await app?.force();
  app = undefined;
});

/** A command line and an app, on a network inside this process. */
async function start(options: Partial<AppOptions> = { reflection: true }): Promise<CommandLine> {
  const line = new CommandLine(memoryRegistry());
  const network = new MemoryNetwork();
  line.transport = memoryTransport(network);
  app = ordersApp({
    registry: line.registry,
    serverTransport: memoryServerTransport(network),
    logger: pino({ level: "silent" }),
    ...options,
  });
  await app.start();
  return line;
}

const order = { cents: "9007199254740993", payload: "AP8=" };

describe("rollcall call", () => {
  it.each(["shop.v1.Orders/Get", "shop.v1.Orders.Get", "Orders/Get", "Orders/get", "Orders.Get"])(
    "calls %s with JSON over the registry, by the word of the server",
    async (method) => {
      const line = await start();
      const { code, out, err } = await line.rollcall("call", method, '{"id": "1"}');
      expect({ code, err }).toEqual({ code: 0, err: "" });
      expect(out).toBe(JSON.stringify({ id: "1", ...order }, undefined, 2));
    },
  );

  it("calls an address, whatever the registry says", async () => {
    const line = await start();
    const address = app!.address;
    for (const method of ["shop.v1.Orders/Get", "Orders/Get"]) {
      const ran = await line.rollcall("call", method, '{"id":"1"}', "--address", address, "--json");
      expect(ran).toEqual({ code: 0, out: JSON.stringify({ id: "1", ...order }), err: "" });
    }
    expect(line.opened).toEqual([]);
  });

  it("takes the contract from protos and from generated code, and then needs no reflection", async () => {
    const line = await start({});
    for (const flags of [
      ["--proto", proto],
      ["--proto", "shop/v1/shop.proto", "-I", join(proto, "../../..")],
      ["--contract", module],
    ])
      expect(await line.rollcall("call", "Orders/Get", '{"id":"1"}', "--json", ...flags)).toEqual({
        code: 0,
        out: JSON.stringify({ id: "1", ...order }),
        err: "",
      });
  });

  it("says how to go on when the server has no reflection", async () => {
    const line = await start({});
    const { code, out, err } = await line.rollcall("call", "Orders/Get");
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toBe(
      "error: shop.v1.Orders has no server reflection; start it with ROLLCALL_REFLECTION=true (createApp({ reflection: true })), or give its contract with --proto or --contract",
    );
  });

  it("streams answers and requests, from an argument, a file and standard input", async () => {
    const line = await start();
    expect(await line.rollcall("call", "Orders/Watch", '{"count": 3}', "--json")).toMatchObject({
      code: 0,
      out: '{"id":"1"}\n{"id":"2"}\n{"id":"3"}',
    });
    line.input = ['{"id":"a"}{"i', 'd":"b"}\n', '\n{"id":"c"}'];
    expect(await line.rollcall("call", "Orders/Import")).toMatchObject({
      code: 0,
      out: '{\n  "count": 3\n}',
    });
    expect(await line.rollcall("call", "Orders/Chat", "@-", "--json")).toMatchObject({
      out: '{"id":"a!"}\n{"id":"b!"}\n{"id":"c!"}',
    });
    expect(await line.rollcall("call", "Orders/Import", '{"id":"a"} {"id":"b"}', "--json")).toMatchObject({
      out: '{"count":2}',
    });
    const folder = await mkdtemp(join(tmpdir(), "rollcall-call-"));
    await writeFile(join(folder, "get.json"), '{"id": "from a file"}\n');
    const { out } = await line.rollcall("call", "Orders/Get", `@${folder}/get.json`, "--json");
    expect(out).toContain("from a file");
    await rm(folder, { recursive: true });
  });

  it("sends requests as they come, and shows answers as they come", async () => {
    const line = await start();
    const { promise: more, resolve } = Promise.withResolvers<void>();
    line.input = (async function* () {
      yield '{"id":"a"}';
      await more;
      yield '{"id":"b"}';
    })();
    const running = line.start(["call", "Orders/Chat", "--json"]);
    await expect.poll(() => running.lines).toEqual(['{"id":"a!"}']);
    resolve();
    expect((await running.done).out).toBe('{"id":"a!"}\n{"id":"b!"}');
  });

  it("sends headers, and with --verbose tells those of the answer, the instance and the time", async () => {
    const line = await start();
    const headers = ["-H", "X-Tenant: red", "--header", "trace-bin:AP8="];
    const { code, err, out } = await line.rollcall("call", "Orders/Get", "-v", "--json", ...headers);
    expect({ code, out }).toEqual({ code: 0, out: JSON.stringify(order) });
    expect(err.split("\n")).toEqual([
      "header x-tenant: red",
      "header trace-bin: AP8=",
      "trailer x-cost: 3",
      expect.stringMatching(/^instance 127\.0\.0\.1:\d+ \(1\.4\.0\)$/),
      "1 message in 0 ms",
    ]);
  });

  it("shows defaults where that is asked for", async () => {
    const line = await start();
    expect((await line.rollcall("call", "Billing/Charge", "--json")).out).toBe("{}");
    expect((await line.rollcall("call", "Billing/Charge", "--json", "--defaults")).out).toBe('{"ok":false}');
  });

  it("exits 1 when a call fails, with its code, its details and who answered", async () => {
    const line = await start();
    const { code, out, err } = await line.rollcall("call", "Orders/Get", '{"id":"missing"}');
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err.split("\n")).toEqual([
      'error: shop.v1.Orders/Get [not_found]: no order "missing"',
      expect.stringMatching(/^ {2}google\.rpc\.BadRequest .*"description":"is \\u001b\[2J unknown"/),
      '  shop.v1.Order {"id":"near"}',
      '  other.Unknown "CAE="',
      expect.stringMatching(/^ {2}instance 127\.0\.0\.1:\d+ \(1\.4\.0\)$/),
    ]);
    const json = await line.rollcall("call", "Orders/Get", '{"id":"missing"}', "--json");
    expect(json).toMatchObject({ code: 1, out: "" });
    expect(JSON.parse(json.err)).toMatchObject({
      method: "shop.v1.Orders/Get",
      code: "not_found",
      message: 'no order "missing"',
      details: [{ type: "google.rpc.BadRequest" }, { type: "shop.v1.Order", value: { id: "near" } }, {}],
      instance: expect.stringContaining("(1.4.0)"),
    });
  });

  it.each(["Get", "Watch"])("cancels a call of %s at Ctrl-C", async (method) => {
    const { promise: reached, resolve } = Promise.withResolvers<Call>();
    const line = await start({
      interceptors: [
        (next) => (call) => {
          resolve(call);
          return next(call);
        },
      ],
    });
    const running = line.start([
      "call",
      `Orders/${method}`,
      method === "Get" ? '{"id":"slow"}' : "{}",
      "--proto",
      proto,
    ]);
    const call = await reached;
    line.interrupt();
    expect(await running.done).toEqual({
      code: 1,
      out: "",
      err: `error: shop.v1.Orders/${method} [cancelled]: the caller aborted\n  instance ${app!.address} (1.4.0)`,
    });
    await expect.poll(() => call.cancelReason?.code).toBe(Code.Cancelled);
  });

  it("exits 2 for a request that is none, and makes no call", async () => {
    const line = await start();
    const refused = async (...args: readonly string[]): Promise<string> => {
      const { code, out, err } = await line.rollcall("call", ...args);
      expect({ code, out }).toEqual({ code: 2, out: "" });
      return err;
    };
    expect(await refused("Orders/Get", "{id: 1}")).toMatch(/^error: value 1 of the request is no JSON: /);
    expect(await refused("Orders/Get", '{"idd":1}')).toBe(
      "error: the JSON is no shop.v1.GetOrder: idd is no field of shop.v1.GetOrder; did you mean id? it has id",
    );
    expect(await refused("Orders/Get", "{} {}")).toBe(
      "error: the request has more than one value, and Get takes one request",
    );
    expect(await refused("Orders/Get", "@/nowhere")).toContain(
      "the request in /nowhere cannot be read: ENOENT",
    );
    expect(await refused("Orders/Get", "[]")).toContain("the JSON is no shop.v1.GetOrder");
    line.input = ['{"id":"a"}\n{"id":7}'];
    expect(await refused("Orders/Import")).toContain(
      "value 2 of standard input: the JSON is no shop.v1.Order: ",
    );
    expect(await refused("Orders", "{}")).toBe(
      "error: a request goes to a method: write shop.v1.Orders/<method>",
    );
  });

  it("exits 2 for a name that is none, with those that are near", async () => {
    const line = await start();
    for (const [text, reason] of [
      [
        "Orders/Gett",
        'shop.v1.Orders has no method "Gett"; did you mean Get? it has Get, Put, Watch, Import, Chat',
      ],
      ["Ordres/Get", 'service "Ordres" is not known to registry memory; did you mean shop.v1.Orders?'],
      ["a b", '"a b" names no method; write shop.v1.Orders/Get or Orders/Get'],
    ] as const) {
      const { code, err } = await line.rollcall("call", text);
      expect(code).toBe(2);
      expect(err).toContain(`error: ${reason}`);
    }
    const unknown = await line.rollcall("call", "Ordres/Get", "--address", app!.address);
    expect(unknown.err).toContain(
      `service "Ordres" is not known to ${app!.address}; did you mean shop.v1.Orders?`,
    );
  });

  it("exits 2 for flags that make no sense", async () => {
    const line = await start();
    for (const [flags, reason] of [
      [["--address", "here"], "address: is not host:port"],
      [["--address", "127.0.0.1:1", "--registry", "memory://"], "give --registry or --address, not both"],
      [["--proto", proto, "--contract", module], "give --proto or --contract, not both"],
      [["-I", "."], "give the proto with --proto"],
      [["-H", "nothing"], "is not name:value"],
      [["--timeout", "5"], "duration"],
    ] as const) {
      const { code, err } = await line.rollcall("call", "Orders/Get", ...flags);
      expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(reason) });
    }
  });
});

describe("what a service can be called with", () => {
  it("is a list of its methods", async () => {
    const line = await start();
    const { code, out } = await line.rollcall("call", "Orders");
    expect(code).toBe(0);
    expect(out.split("\n").map((each) => each.trim().split(/ {2,}/))).toEqual([
      ["shop.v1.Orders"],
      ["method", "kind", "request", "response"],
      ["Get", "unary", "shop.v1.GetOrder", "shop.v1.Order", "safe to repeat"],
      ["Put", "unary", "shop.v1.Order", "shop.v1.Order"],
      ["Watch", "server streaming", "shop.v1.WatchOrders", "shop.v1.Order"],
      ["Import", "client streaming", "shop.v1.Order", "shop.v1.ImportSummary"],
      ["Chat", "bidi streaming", "shop.v1.Order", "shop.v1.Order"],
    ]);
    const json = JSON.parse((await line.rollcall("call", "Orders", "--json")).out) as object[];
    expect(json[0]).toEqual({
      method: "shop.v1.Orders/Get",
      kind: "unary",
      idempotent: true,
      deprecated: false,
      request: "shop.v1.GetOrder",
      response: "shop.v1.Order",
    });
  });

  it("is a method's types and a request to fill in", async () => {
    const line = await start();
    const ran: Ran = await line.rollcall("call", "Orders/Watch", "--describe", "--proto", proto);
    expect(ran.out).toBe(`shop.v1.Orders/Watch
rpc Watch(shop.v1.WatchOrders) returns (stream shop.v1.Order)

message shop.v1.WatchOrders {
  int32 count = 1;
  int32 every_ms = 2;
}

message shop.v1.Order {
  string id = 1;
  int64 cents = 2;
  bytes payload = 3;
}

request as JSON
{
  "count": 0,
  "everyMs": 0
}`);
    expect(line.opened).toEqual([]);
    const { out } = await line.rollcall("call", "Orders/Watch", "--describe", "--json");
    expect(JSON.parse(out)).toMatchObject({
      method: "shop.v1.Orders/Watch",
      template: { count: 0, everyMs: 0 },
    });
  });
});
