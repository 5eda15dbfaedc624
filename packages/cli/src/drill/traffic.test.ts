import { describe, expect, it } from "vitest";
import { Orders } from "../../../../test/fixtures/gen/shop/v1/shop.js";
import { sourceOfFiles } from "../contract/file-source.js";
import { callText, chooseTraffic, parseDrillCall } from "./traffic.js";

const source = sourceOfFiles([Orders.file], "shop.proto");
const orders = "shop.v1.Orders";
const billing = "shop.v1.Billing";

describe("the calls of a drill", () => {
  it("are written as service/method and a request", () => {
    const written = 'shop.v1.Orders/Get {"id":"a b/c"}';
    expect(parseDrillCall(written)).toEqual({ service: orders, method: "Get", request: { id: "a b/c" } });
    expect(callText(parseDrillCall(written))).toBe(written);
    expect(parseDrillCall(" Orders/Get\n")).toEqual({ service: "Orders", method: "Get", request: {} });
  });

  it.each([
    "",
    "Orders",
    "/Get",
    "Orders/",
    "Orders/Get/x {}",
    "Orders/Get{",
    "Orders/Get {}}",
    "Orders/Get {",
  ])("refuse %j", (text) => expect(() => parseDrillCall(text)).toThrow(/is not (a call|JSON)/));

  it("are those that may run twice, with ten streams, unless told otherwise", async () => {
    expect(await chooseTraffic({}, [billing, orders], source)).toEqual({
      calls: [{ service: orders, method: "Get", request: {}, idempotent: true }],
      streams: [{ service: orders, method: "Watch", request: {}, idempotent: false }],
      streamCount: 10,
    });
  });

  it("are what the user says, by names in short", async () => {
    const traffic = await chooseTraffic(
      {
        call: [parseDrillCall('Orders/put {"id":"1"}'), parseDrillCall("Billing/Charge")],
        stream: [parseDrillCall("Orders/Watch")],
        streams: 3,
      },
      [billing, orders],
      source,
    );
    expect(traffic).toEqual({
      calls: [
        { service: orders, method: "Put", request: { id: "1" }, idempotent: false },
        { service: billing, method: "Charge", request: {}, idempotent: false },
      ],
      streams: [{ service: orders, method: "Watch", request: {}, idempotent: false }],
      streamCount: 3,
    });
  });

  it("say what to do where there is nothing to call", async () => {
    await expect(chooseTraffic({}, [billing], source)).rejects.toThrow(
      /no method of shop\.v1\.Billing is marked as safe to repeat.*--call/,
    );
    const call = [parseDrillCall("Billing/Charge")];
    await expect(chooseTraffic({ call, streams: 2 }, [billing], source)).rejects.toThrow(
      /leave out --streams/,
    );
    expect((await chooseTraffic({ call }, [billing], source)).streamCount).toBe(0);
  });

  it.each([
    ["Orders/Watch", "Orders/Watch is server_streaming; --call takes unary methods"],
    ["Orders/Nope", 'shop.v1.Orders has no method "Nope"'],
    ["Nope/Get", 'service "Nope" is not known to the instances; it has shop.v1.Billing, shop.v1.Orders'],
    ['Orders/Get {"nope":1}', "nope"],
    ['Orders/Put {"cents":"many"}', "cents"],
  ])("refuse what the service has not: %s", async (text, reason) => {
    const wrong = chooseTraffic({ call: [parseDrillCall(text)] }, [billing, orders], source);
    await expect(wrong).rejects.toThrow(reason);
  });

  it("refuse a stream that is no server stream, and a name that may be two services", async () => {
    const stream = [parseDrillCall("Orders/Get")];
    await expect(chooseTraffic({ stream }, [orders], source)).rejects.toThrow(
      "--stream takes server-streaming methods",
    );
    const call = [parseDrillCall("Orders/Get")];
    await expect(chooseTraffic({ call }, [orders, "shop.v2.Orders"], source)).rejects.toThrow(
      'service "Orders" is one of shop.v1.Orders, shop.v2.Orders; give the full name',
    );
  });
});
