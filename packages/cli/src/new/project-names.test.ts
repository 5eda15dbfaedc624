import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { ConfigError } from "@rollcall/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { projectNames, takenNames } from "./project-names.js";
import { templateFolder } from "./template.js";

describe("the name of a project", () => {
  it.each([
    ["orders", "orders", "Orders"],
    ["order-book", "order_book", "OrderBook"],
    ["orders-2", "orders_2", "Orders2"],
    ["s3-proxy", "s3_proxy", "S3Proxy"],
    ["class", "class", "Class"],
    ["test", "test", "Test"],
    ["message", "message", "Message"],
    ["a".repeat(40), "a".repeat(40), `A${"a".repeat(39)}`],
  ])("gives %s the proto package %s and the service %s", (name, proto, service) => {
    expect(projectNames(name)).toEqual({ name, package: proto, service });
  });

  it.each([
    ["../x", /"\.\.\/x" is a path: use --directory/],
    ["/etc/passwd", /is a path/],
    ["C:\\orders", /is a path/],
    [".", /"\." is not valid/],
    ["-rf", /"-rf" is not valid; .*; try rf$/],
    ["", /"" is not valid; allowed: lower-case letters, digits and single hyphens, a letter first$/],
    ["3d", /; try d$/],
    ["OrderBook", /; try order-book$/],
    ["order_book", /; try order-book$/],
    ["order--book", /; try order-book$/],
    ["orders-", /; try orders$/],
    ["Bücher", /; try bucher$/],
    ["заказы", /"заказы" is not valid; allowed: [^;]*$/],
    ["orders\u001b[2J", /"orders\\u001b\[2J" is not valid/],
    ["orders.v1", /; try orders-v1$/],
    ["@acme/orders", /has a scope: .*; try orders$/],
    ["x".repeat(300), /"x{60}\.\.\." has 300 characters; allowed: up to 40/],
    ["service", /makes a gRPC service Service, a name that its own code needs; try service-api$/],
    ["promise", /try promise-api$/],
    ["greet-request", /try greet-request-api$/],
  ])("may not be %j", (name, words) => {
    expect(() => projectNames(name)).toThrow(ConfigError);
    expect(() => projectNames(name)).toThrow(words);
  });

  it("is safe as a path, a proto package, a DNS label and an identifier, or refused with a name that is", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: "binary" }), fc.stringMatching(/^[a-zA-Z0-9_.@/-]{1,50}$/)),
        (name) => {
          try {
            const names = projectNames(name);
            expect(names.name).toMatch(/^[a-z]([a-z0-9-]*[a-z0-9])?$/);
            expect(names.package).toMatch(/^[a-z][a-z0-9_]*$/);
            expect(names.service).toMatch(/^[A-Z][A-Za-z0-9]*$/);
          } catch (error) {
            expect(error).toBeInstanceOf(ConfigError);
            const [, tried] = /; try (.*)$/s.exec((error as Error).message) ?? [];
            if (tried !== undefined && !takenNames.has(tried)) expect(tried).toMatch(/^[a-z][a-z0-9-]*$/);
          }
        },
      ),
    );
  });

  it("hides no name of the template's code", async () => {
    const entries = await readdir(templateFolder, { recursive: true, withFileTypes: true });
    const sources = entries.filter(({ name }) => /\.(ts|proto)$/.test(name) && name !== "vitest.config.ts");
    const texts = await Promise.all(
      sources.map((entry) => readFile(path.join(entry.parentPath, entry.name), "utf8")),
    );
    const words = texts
      .map((text) =>
        text.replaceAll(
          /\{\{[\w.]+\}\}\w*|\/\/.*$|\/\*[^]*?\*\/|"[^"\n]*"|`[^`]*`|\/[^/\n]+\/[a-z]*\b/gm,
          " ",
        ),
      )
      .flatMap((text) => text.match(/(?<!\.|rpc )\b[A-Z][a-z]\w*/g) ?? []);
    expect(words.length).toBeGreaterThan(20);
    expect([...new Set(words)].filter((word) => !takenNames.has(word))).toEqual([]);
  });
});
