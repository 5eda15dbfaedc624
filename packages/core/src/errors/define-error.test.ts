import { describe, expect, expectTypeOf, it } from "vitest";
import { Code } from "../code.js";
import { ConfigError, RpcError } from "../errors.js";
import { defineError } from "./define-error.js";
import { ErrorInfo, errorInfo, RetryInfo, retryInfo } from "./details.js";

const OutOfStock = defineError({
  reason: "OUT_OF_STOCK",
  domain: "shop.example",
  code: Code.FailedPrecondition,
  metadata: ["sku", "shelf?"],
});
const Closed = defineError({ reason: "CLOSED", domain: "shop.example", code: Code.Unavailable });

/** As it arrives: the same code, and nothing but the trailer. */
function received(error: RpcError): unknown {
  return new RpcError(error.code, error.reason, { origin: "remote", trailer: error.trailer.clone() });
}

describe("a declared error", () => {
  it("is recognised where it was thrown and where it arrives, with its metadata", () => {
    const thrown = new OutOfStock("no more of it", { sku: "s-1" });
    for (const error of [thrown, received(thrown)]) {
      if (!OutOfStock.is(error)) throw new Error("not recognised");
      expectTypeOf(error.metadata.sku).toEqualTypeOf<string>();
      expectTypeOf(error.metadata.shelf).toEqualTypeOf<string | undefined>();
      // @ts-expect-error: it was not declared
      expect(error.metadata.price).toBeUndefined();
      expect(error.metadata).toEqual({ sku: "s-1" });
      expect(error).toMatchObject({
        code: Code.FailedPrecondition,
        reason: "no more of it",
        message: "[failed_precondition]: no more of it",
      });
      expect(error instanceof OutOfStock).toBe(true);
      expect(error instanceof RpcError).toBe(true);
      expect(error instanceof Closed).toBe(false);
      expect(Closed.is(error)).toBe(false);
    }
  });

  it("is an ErrorInfo to everybody else, before its other details", () => {
    const error = new Closed("come back", {}, { details: [retryInfo(5)], cause: "night" });
    expect(error.detail(ErrorInfo)).toEqual({ reason: "CLOSED", domain: "shop.example", metadata: {} });
    expect(error.detail(RetryInfo)).toBeDefined();
    expect(error.details).toHaveLength(2);
    expect(error.cause).toBe("night");
    expect(Closed.is(new Closed("again"))).toBe(true);
  });

  it("is no error of another domain, nor one without the metadata that it has to have", () => {
    const like = (info: object): RpcError =>
      new RpcError(Code.FailedPrecondition, "", { details: [errorInfo(info)] });
    const valid = { reason: "OUT_OF_STOCK", domain: "shop.example", metadata: { sku: "" } };
    expect(OutOfStock.is(like(valid))).toBe(true);
    expect(OutOfStock.is(like({ ...valid, domain: "other.example" }))).toBe(false);
    expect(OutOfStock.is(like({ ...valid, reason: "CLOSED" }))).toBe(false);
    expect(OutOfStock.is(like({ ...valid, metadata: { shelf: "3" } }))).toBe(false);
    for (const other of [undefined, "OUT_OF_STOCK", new Error("OUT_OF_STOCK"), new RpcError(Code.Ok, "")]) {
      expect(OutOfStock.is(other)).toBe(false);
      expect(other instanceof OutOfStock).toBe(false);
    }
  });

  it("keeps the types of what it is given", () => {
    // @ts-expect-error: sku has to be there
    expect(OutOfStock.is(new OutOfStock("", {}))).toBe(false);
    // @ts-expect-error: metadata has to be there
    expect(OutOfStock.is(new OutOfStock(""))).toBe(false);
    // @ts-expect-error: values are strings, and become that without types
    expect(new OutOfStock("", { sku: 5 }).metadata).toEqual({ sku: "5" });
    // @ts-expect-error: it was not declared
    expect(OutOfStock.is(new OutOfStock("", { sku: "", price: "1" }))).toBe(true);
    // @ts-expect-error: it has no metadata
    expect(Closed.is(new Closed("", { sku: "" }))).toBe(true);
    expect(new OutOfStock("", { sku: "1", shelf: undefined }).metadata).toEqual({ sku: "1" });
  });

  it("can be extended by a class that only the side that throws it knows", () => {
    class Shortage extends OutOfStock {
      readonly asked = 3;
    }
    const error = new Shortage("no", { sku: "1" });
    expect(error instanceof Shortage).toBe(true);
    expect(OutOfStock.is(received(error))).toBe(true);
    expect((received(error) as object) instanceof Shortage).toBe(false);
  });

  it("is refused at its declaration when ErrorInfo does not allow it", () => {
    const valid = { reason: "A_B", domain: "shop.example", code: Code.Aborted };
    for (const [change, message] of [
      [
        { reason: "out_of_stock" },
        'error reason is "out_of_stock"; allowed: up to 63 characters as in OUT_OF_STOCK',
      ],
      [{ reason: "A" }, "error reason"],
      [{ reason: "A_" }, "error reason"],
      [{ reason: "A".repeat(64) }, "error reason"],
      [{ reason: undefined }, "error reason"],
      [{ domain: "" }, 'error domain is ""; allowed: a name as in shop.example'],
      [{ domain: "shop example" }, "error domain"],
      [{ code: Code.Ok }, "error code is 0; allowed: a Code other than Ok"],
      [{ code: 17 }, "error code"],
      [{ metadata: ["a b"] }, "error metadata"],
      [{ metadata: ["sku", "sku?"] }, "error metadata"],
    ] as const) {
      const declare = (): unknown => defineError({ ...valid, ...change } as never);
      expect(declare).toThrow(ConfigError);
      expect(declare).toThrow(message);
    }
    expect(() => defineError({ ...valid, reason: "A".repeat(63), metadata: ["a_b-C?"] })).not.toThrow();
  });
});
