import { describe, expect, it } from "vitest";
import { Code, codeName, codeOf } from "./code.js";
import { RpcError } from "./errors.js";

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
});

it("names every code", () => {
  for (const code of Object.values(Code)) expect(codeName(codeOf(code))).toMatch(/^[a-z_]+$/);
});
