import { ConfigError, Metadata } from "@rollcall/core";
import { describe, expect, it } from "vitest";
import { headerLines, parseHeader } from "./headers.js";

describe("headers", () => {
  it("are names and values, binary ones in base64, both ways", () => {
    expect(parseHeader("X-Tenant: a:b")).toEqual(["x-tenant", "a:b"]);
    expect(parseHeader("empty:")).toEqual(["empty", ""]);
    expect(parseHeader("trace-bin:AP8=")).toEqual(["trace-bin", Buffer.from([0, 255])]);
    const metadata = new Metadata();
    for (const [name, value] of ["a:1", "a:2", "trace-bin:AP8="].map(parseHeader)) metadata.add(name, value);
    expect(headerLines(metadata)).toEqual(["a: 1", "a: 2", "trace-bin: AP8="]);
  });

  it.each(["a", ":a", "a b:c", "a:\u0001", "a:þ", "trace-bin:%", "grpc-timeout:1S", "\u001b[2J:x"])(
    "are refused with a reason: %j",
    (text) => {
      expect(() => parseHeader(text)).toThrow(ConfigError);
      expect(() => parseHeader(text)).toThrow(/not name:value|cannot be sent|in base64|gRPC itself/);
    },
  );
});
