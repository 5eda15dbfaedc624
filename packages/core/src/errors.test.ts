import { inspect } from "node:util";
import { Metadata } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { Code, codeName, codeOf } from "./code.js";
import { RpcError } from "./errors.js";
import { badRequest, errorInfo } from "./errors/details.js";

describe("an RpcError", () => {
  it("reads as path, code and reason", () => {
    expect(new RpcError(Code.NotFound, "no such order", { path: "shop.v1.Orders/Get" }).message).toBe(
      "shop.v1.Orders/Get [not_found]: no such order",
    );
    expect(new RpcError(Code.Aborted, "").message).toBe("[aborted]");
  });

  it("is local and perhaps processed, or remote and processed, unless it says otherwise", () => {
    expect(new RpcError(Code.Aborted, "")).toMatchObject({ origin: "local", processed: "unknown" });
    expect(new RpcError(Code.Aborted, "", { origin: "remote" })).toMatchObject({ processed: "yes" });
    expect(new RpcError(Code.Aborted, "", { processed: "no" })).toMatchObject({ processed: "no" });
  });

  it("has the code unknown for a number that is none", () => {
    for (const code of [-1, 17, 0.5, Number.NaN, "x"]) {
      expect(new RpcError(code as Code, "r")).toMatchObject({ code: Code.Unknown, message: "[unknown]: r" });
    }
  });

  it("wraps what is none as internal and keeps it", () => {
    const error = new RpcError(Code.Aborted, "");
    expect(RpcError.from(error)).toBe(error);
    expect(RpcError.from("text", "a/B")).toMatchObject({ code: Code.Internal, path: "a/B", cause: "text" });
  });

  it("is told from everything else without touching it", () => {
    const hostile = new Proxy(
      {},
      { getPrototypeOf: () => expect.fail("asked"), get: () => expect.fail("asked") },
    );
    for (const other of [undefined, null, "text", {}, new Error("e"), hostile]) {
      expect(RpcError.is(other)).toBe(false);
      expect(RpcError.from(other).cause).toBe(other);
    }
    expect(RpcError.is(new RpcError(Code.Aborted, ""))).toBe(true);
  });

  it("can be made of whatever code without types throws", () => {
    for (const reason of [undefined, null, 5, Symbol("s"), {}])
      expect(new RpcError(Code.Aborted, reason as never)).toMatchObject({ reason: "", message: "[aborted]" });
  });

  it("shows nothing that came in metadata to what prints or serialises it", () => {
    const trailer = new Metadata();
    trailer.set("authorization", "s3cret");
    trailer.set("token-bin", Buffer.from("s3cret"));
    const details = [errorInfo({ reason: "NO", domain: "d", metadata: { key: "s3cret" } })];
    const error = new RpcError(Code.Aborted, "no", { trailer, details, cause: new Error("disk") });
    const enumerable: string[] = [];
    for (const key in error) enumerable.push(key);
    expect(enumerable.toSorted()).toEqual(["code", "origin", "path", "processed", "reason"]);
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      name: "RpcError",
      message: "[aborted]: no",
      code: Code.Aborted,
      reason: "no",
      path: "",
      origin: "local",
      processed: "unknown",
    });
    for (const text of [
      inspect(error, { depth: 9, showHidden: true }),
      String(error),
      JSON.stringify(Object.assign({}, error)),
    ])
      expect(text).not.toMatch(/s3cret|czNjcmV0|73 33 63/);
    expect(error.trailer.get("authorization")).toEqual(["s3cret"]);
  });

  it("prints as its stack and what else there is to know", () => {
    const error = new RpcError(Code.FailedPrecondition, "none left", {
      path: "shop.v1.Orders/Put",
      origin: "remote",
      details: [errorInfo({ reason: "OUT_OF_STOCK", domain: "shop.example" }), badRequest([])],
      cause: new Error("disk"),
    });
    const lines = inspect(error).split("\n");
    expect(lines[0]).toBe("RpcError: shop.v1.Orders/Put [failed_precondition]: none left");
    expect(lines[1]).toMatch(/^ {4}at /);
    const rest = inspect(error).slice(error.stack!.length);
    expect(rest).toContain("origin: 'remote'");
    expect(rest).toContain("'google.rpc.ErrorInfo OUT_OF_STOCK of shop.example'");
    expect(rest).toContain("'google.rpc.BadRequest'");
    expect(rest).toContain("Error: disk");
    expect(inspect({ a: { error } }, { depth: 0 })).toBe("{ a: [Object] }");
    expect(inspect([error], { depth: 0 })).toContain("RpcError: shop.v1.Orders/Put [failed_precondition]");
    expect(String(error)).toBe("RpcError: shop.v1.Orders/Put [failed_precondition]: none left");
  });
});

it("names every code", () => {
  for (const code of Object.values(Code)) expect(codeName(codeOf(code))).toMatch(/^[a-z_]+$/);
});
