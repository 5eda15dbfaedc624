import * as fc from "fast-check";
import { Metadata } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { Code } from "../code.js";
import { RpcError } from "../errors.js";
import { defineDetail } from "./detail-type.js";
import {
  BadRequest,
  badRequest,
  DebugInfo,
  debugInfo,
  ErrorInfo,
  errorInfo,
  Help,
  help,
  LocalizedMessage,
  localizedMessage,
  PreconditionFailure,
  preconditionFailure,
  QuotaFailure,
  quotaFailure,
  RequestInfo,
  requestInfo,
  ResourceInfo,
  resourceInfo,
  retryDelayMs,
  RetryInfo,
  retryInfo,
} from "./details.js";
import { file as statusFile } from "../gen/google/rpc/status.js";
import { detailsTrailer, errorTrailer, mostSentBytes } from "./status-details.js";

/** As it arrives: the same code, and nothing but the trailer. */
function received(error: RpcError): RpcError {
  return new RpcError(error.code, error.reason, { origin: "remote", trailer: error.trailer.clone() });
}

function withStatus(bytes: Buffer | string, code: Code = Code.InvalidArgument): RpcError {
  const trailer = new Metadata();
  trailer.set(typeof bytes === "string" ? "x" : detailsTrailer, bytes);
  return new RpcError(code, "", { origin: "remote", trailer });
}

describe("details of an error", () => {
  it("of every standard type arrive as they were given", () => {
    const violation = { subject: "p", description: "too many" };
    const error = received(
      new RpcError(Code.InvalidArgument, "bad order", {
        details: [
          badRequest([{ field: "id", description: "is empty" }]),
          retryInfo(1500),
          errorInfo({ reason: "BAD", domain: "shop.example", metadata: { sku: "1" } }),
          preconditionFailure([{ type: "TERMS", subject: "user:1", description: "not accepted" }]),
          quotaFailure([{ ...violation, quotaValue: 10n ** 18n }]),
          resourceInfo({ resourceType: "Order", resourceName: "orders/1", description: "gone" }),
          requestInfo("r-1", "x"),
          help([{ description: "how", url: "https://shop.example" }]),
          localizedMessage("is-IS", "nei"),
          debugInfo({ stackEntries: ["a", "b"], detail: "d" }),
        ],
      }),
    );
    expect(error.details).toHaveLength(10);
    const noReason = { reason: "", localizedMessage: null };
    expect(error.detail(BadRequest)).toEqual({
      fieldViolations: [{ field: "id", description: "is empty", ...noReason }],
    });
    expect(error.detail(RetryInfo)).toEqual({ retryDelay: { seconds: "1", nanos: 500_000_000 } });
    expect(error.detail(ErrorInfo)).toEqual({
      reason: "BAD",
      domain: "shop.example",
      metadata: { sku: "1" },
    });
    expect(error.detail(PreconditionFailure)?.violations).toEqual([
      { type: "TERMS", subject: "user:1", description: "not accepted" },
    ]);
    expect(error.detail(QuotaFailure)?.violations).toMatchObject([
      { ...violation, quotaValue: `${10n ** 18n}` },
    ]);
    expect(error.detail(ResourceInfo)).toMatchObject({
      resourceName: "orders/1",
      description: "gone",
      owner: "",
    });
    expect(error.detail(RequestInfo)).toEqual({ requestId: "r-1", servingData: "x" });
    expect(error.detail(Help)?.links).toEqual([{ description: "how", url: "https://shop.example" }]);
    expect(error.detail(LocalizedMessage)).toEqual({ locale: "is-IS", message: "nei" });
    expect(error.detail(DebugInfo)).toEqual({ stackEntries: ["a", "b"], detail: "d" });
  });

  it("are the bytes that other languages write", () => {
    // google.rpc.Status { code: 3, message: "bad", details: [Any { BadRequest { { field: "id", description: "is empty" } } }] }
    const violation = `0a02${hex("id")}1208${hex("is empty")}`;
    const badRequestHex = `0a0e${violation}`;
    const url = "type.googleapis.com/google.rpc.BadRequest";
    const any = `0a29${hex(url)}1210${badRequestHex}`;
    const status = Buffer.from(`08031203${hex("bad")}1a3d${any}`, "hex");
    const sent = new RpcError(Code.InvalidArgument, "bad", {
      details: [badRequest([{ field: "id", description: "is empty" }])],
    });
    expect(sent.trailer.get(detailsTrailer)).toEqual([status]);
    expect(withStatus(status).detail(BadRequest)?.fieldViolations).toMatchObject([{ field: "id" }]);
  });

  it("of types that are not known here stay as they came, and can be forwarded", () => {
    const unknown = { typeUrl: "example.com/some/shop.v1.Shortage", bytes: Buffer.from([8, 1]) };
    const first = received(new RpcError(Code.Aborted, "no", { details: [unknown, retryInfo(1)] }));
    expect(first.details[0]).toEqual(unknown);
    expect(first.detail(BadRequest)).toBeUndefined();
    const forwarded = new RpcError(first.code, first.reason, { details: first.details });
    expect(received(forwarded).details).toEqual(first.details);
  });

  it("can be messages of one's own", () => {
    const Any = defineDetail<{ typeUrl: string; value: Buffer }, { typeUrl: string }>(
      statusFile,
      "google.protobuf.Any",
    );
    const error = received(new RpcError(Code.Aborted, "", { details: [Any.create({ typeUrl: "t" })] }));
    expect(error.detail(Any)).toEqual({ typeUrl: "t", value: Buffer.alloc(0) });
    const wrong = defineDetail(statusFile, "shop.v1.Missing");
    expect(() => wrong.create({})).toThrow("google/rpc/status.proto has no message shop.v1.Missing");
    expect(() => error.detail(wrong)).not.toThrow();
  });

  it("have delays in milliseconds, whatever is asked for", () => {
    for (const [given, read] of [
      [1500, 1500],
      [0.2, 1],
      [-5, 0],
      [Number.NaN, 0],
      [Infinity, 315_576_000_000_000],
    ] as const)
      expect(retryDelayMs(RetryInfo.read(retryInfo(given))!)).toBe(read);
    expect(retryDelayMs({ retryDelay: null })).toBe(0);
    expect(retryDelayMs({ retryDelay: { seconds: "-3", nanos: -1 } })).toBe(0);
  });

  it("are left out from the last one when they would not fit into trailers that peers take", () => {
    const large = localizedMessage("en", "x".repeat(mostSentBytes));
    const error = received(
      new RpcError(Code.Aborted, "no", { details: [retryInfo(5), large, localizedMessage("en", "small")] }),
    );
    expect(error.details.map(({ typeUrl }) => typeUrl)).toEqual(["type.googleapis.com/google.rpc.RetryInfo"]);
    expect(received(new RpcError(Code.Aborted, "no", { details: [large] })).details).toEqual([]);
    const long = new RpcError(Code.Aborted, "y".repeat(mostSentBytes), { details: [retryInfo(5)] });
    expect(received(long).detail(RetryInfo)).toBeDefined();
  });

  it("leave the metadata that was given as it is", () => {
    const trailer = new Metadata();
    const error = new RpcError(Code.Aborted, "no", { trailer, details: [retryInfo(5)] });
    expect(trailer.getMap()).toEqual({});
    expect(error.details).toHaveLength(1);
    expect(new RpcError(Code.Aborted, "no", { trailer, details: [] }).trailer).toBe(trailer);
  });

  it("are the error's alone, whatever the handler put into its trailers", () => {
    const response = new Metadata();
    response.set("x-kept", "1");
    response.set(detailsTrailer, Buffer.from("other"));
    expect(errorTrailer(new RpcError(Code.Internal, ""), response).getMap()).toEqual({ "x-kept": "1" });
    const error = new RpcError(Code.Aborted, "no", { details: [retryInfo(5)] });
    expect(errorTrailer(error, response).get(detailsTrailer)).toEqual(error.trailer.get(detailsTrailer));
  });
});

describe("details that arrive", () => {
  it("are none when they belong to another code than the call's", () => {
    const [bytes] = new RpcError(Code.NotFound, "", { details: [retryInfo(5)] }).trailer.get(detailsTrailer);
    expect(withStatus(bytes as Buffer, Code.NotFound).details).toHaveLength(1);
    expect(withStatus(bytes as Buffer, Code.InvalidArgument).details).toEqual([]);
  });

  it("never throw, whatever the bytes are", () => {
    const one = new RpcError(Code.InvalidArgument, "m", { details: [badRequest([{ field: "f" }])] });
    const [valid] = one.trailer.get(detailsTrailer) as [Buffer];
    const damaged = fc
      .tuple(fc.nat(valid.length - 1), fc.nat(255))
      .map(([at, byte]) => Buffer.concat([valid.subarray(0, at), Buffer.of(byte), valid.subarray(at + 1)]));
    const cut = fc.nat(valid.length).map((at) => valid.subarray(0, at));
    const any = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(fc.oneof(any, cut, damaged), (bytes) => {
        const error = withStatus(bytes);
        for (const each of error.details) expect(each.bytes).toBeInstanceOf(Uint8Array);
        error.detail(BadRequest);
        expect(Object.values(error.metadata).every((value) => typeof value === "string")).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it("are none when nested without an end, in the place of text, or longer than any honest server sends", () => {
    expect(withStatus(Buffer.alloc(16_000, 0x0b)).details).toEqual([]);
    expect(withStatus("text").details).toEqual([]);
    expect(withStatus(Buffer.concat([Buffer.from("0803", "hex"), Buffer.alloc(16_384, 0)])).details).toEqual(
      [],
    );
    const empties = Buffer.concat([Buffer.from("0803", "hex"), Buffer.alloc(16_384, "1a00", "hex")]);
    expect(withStatus(empties).details).toEqual([]);
    expect(withStatus(empties.subarray(0, 16_384)).details).toHaveLength(8191);
  });

  it("yield no message for a detail that cannot be read, and still the others", () => {
    const bad = { typeUrl: "type.googleapis.com/google.rpc.BadRequest", bytes: Buffer.from([0xff]) };
    const error = received(new RpcError(Code.Aborted, "", { details: [bad, badRequest([{ field: "f" }])] }));
    expect(BadRequest.read(bad)).toBeUndefined();
    expect(error.detail(BadRequest)?.fieldViolations).toMatchObject([{ field: "f" }]);
    expect(error.details[0]).toEqual(bad);
  });

  it("have metadata without inheriting from what every object has", () => {
    const info = errorInfo({ reason: "A_B", domain: "d", metadata: JSON.parse('{"__proto__":"x","a":"b"}') });
    const { metadata } = received(new RpcError(Code.Aborted, "", { details: [info] }));
    expect(metadata["a"]).toBe("b");
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
    expect(new RpcError(Code.Aborted, "").metadata).toEqual({});
  });
});

function hex(text: string): string {
  return Buffer.from(text).toString("hex");
}
