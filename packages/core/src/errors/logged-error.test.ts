import { Metadata } from "@grpc/grpc-js";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { Code } from "../code.js";
import { RpcError } from "../errors.js";
import { withoutCredentials } from "./credentials.js";
import { loggedError } from "./logged-error.js";

/** The line that pino writes with its own serializer. */
function line(thrown: unknown): {
  err: { type: string; message: string; stack: string; [key: string]: unknown };
} {
  let written = "";
  pino({}, { write: (text) => void (written = text) }).error({ err: loggedError(thrown) });
  return JSON.parse(written);
}

describe("an error in a log line", () => {
  it("has name, message, code, path, stack and causes", () => {
    const disk = Object.assign(new TypeError("no disk"), { code: "ENOENT", path: "/data" });
    const { err } = line(new RpcError(Code.Aborted, "no", { path: "a.B/C", cause: disk }));
    expect(err).toMatchObject({ type: "RpcError", code: Code.Aborted, path: "a.B/C" });
    expect(err.message).toBe("a.B/C [aborted]: no: no disk");
    expect(err.stack).toMatch(
      /^RpcError: a\.B\/C \[aborted\]: no\n {4}at [^]+caused by: TypeError: no disk\n/,
    );
    expect(Object.keys(err).toSorted()).toEqual(["code", "message", "path", "stack", "type"]);
    expect(line(disk).err).toMatchObject({ type: "TypeError", code: "ENOENT", path: "/data" });
  });

  it("has nothing else that was thrown with it", () => {
    const metadata = new Metadata();
    metadata.set("authorization", "s3cret");
    const extra = { metadata, request: { card: "s3cret" }, config: { headers: "s3cret" }, details: "s3cret" };
    const inner = Object.assign(new Error("inner"), extra);
    const outer = Object.assign(new Error("outer", { cause: inner }), extra, { inner });
    const all = new AggregateError([outer, { message: "thrown", ...extra }, { ...extra }, "text"], "all");
    const text = JSON.stringify(line(all));
    expect(text).not.toContain("s3cret");
    for (const word of ["all", "outer", "inner", "thrown", "an object without a message", "text"])
      expect(text).toContain(word);
  });

  it("has no credentials of URLs, wherever they stand", () => {
    const cause = new Error("cannot reach etcd://root:s3cret@10.0.0.1:2379,10.0.0.2/x");
    const { err } = line(new Error("open http://u:s3/cr@s3cret@host/path", { cause }));
    expect(JSON.stringify(err)).not.toMatch(/s3cret|s3\/cr/);
    expect(err.message).toBe("open http://***@host/path: cannot reach etcd://***@10.0.0.1:2379,10.0.0.2/x");
  });

  it("is made of anything that can be thrown", () => {
    const throwing = Object.defineProperty(new Error("x"), "message", {
      get: () => {
        throw new Error("getter");
      },
    });
    const trap = (): never => {
      throw new Error("trap");
    };
    const hostile = new Proxy(new Error("x"), { get: trap, getPrototypeOf: trap, has: trap, ownKeys: trap });
    const endless = new Error("endless");
    endless.cause = endless;
    const wide = new AggregateError([], "wide");
    wide.errors = Array.from({ length: 1000 }, () => wide);
    const named = Object.assign(new Error("m"), { name: 5, code: {}, stack: 5 });
    for (const thrown of [
      undefined,
      null,
      5n,
      Symbol("s"),
      "text",
      () => {},
      [],
      {},
      throwing,
      hostile,
      endless,
      wide,
      named,
    ])
      expect(line(thrown).err.stack).toEqual(expect.any(String));
    expect(line("text").err).toMatchObject({ type: "NonError", message: "text" });
    expect(line(undefined).err.message).toBe("undefined");
    expect(JSON.stringify(line(wide)).length).toBeLessThan(64_000);
  });

  it("is bounded", () => {
    const { err } = line(new Error("//".repeat(500_000)));
    expect(err.message).toMatch(/\.\.\. \(1000000 characters\)$/);
    expect(err.message.length).toBeLessThan(10_000);
    expect(err.stack.length).toBeLessThan(40_000);
  });

  it("is not copied twice", () => {
    const once = loggedError(new Error("x"));
    expect(loggedError(once)).toBe(once);
  });
});

describe("a text without credentials", () => {
  it("is the same when it has none", () => {
    for (const text of [
      "etcd://10.0.0.1:2379",
      "a@b.c",
      "at f (file:///app/node_modules/.pnpm/@grpc+grpc-js@1.14.7/x.js:10:5)",
      "// a comment for user@host",
      "https://host/a b@c",
    ])
      expect(withoutCredentials(text)).toBe(text);
  });

  it("takes time in proportion to its length", () => {
    expect(withoutCredentials("//:".repeat(30_000))).toHaveLength(90_000);
  });
});
