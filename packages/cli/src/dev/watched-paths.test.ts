import { describe, expect, it } from "vitest";
import { isWatched, leadsTo } from "./watched-paths.js";

const roots = ["/p/src", "/p/proto", "/p/.env"];

describe("a change of a path", () => {
  it.each([
    "/p/src/main.ts",
    "/p/src/deep/er/a.json",
    "/p/src/gen/shop.ts",
    "/p/proto/shop.proto",
    "/p/.env",
  ])("counts in %s", (file) => expect(isWatched(roots, file)).toBe(true));

  it.each([
    "/p/README.md",
    "/p/.env.local",
    "/p/srcs/main.ts",
    "/q/src/main.ts",
    "/p/src/orders.test.ts",
    "/p/src/orders.int.test.mts",
    "/p/src/orders.spec.js",
    "/p/src/node_modules/x/index.js",
    "/p/src/dist/a.js",
    "/p/src/.git/index",
    "/p/src/.main.ts.swp",
    "/p/src/main.ts~",
    "/p/src/#main.ts#",
    "/p/src/.#main.ts",
    "/p/src/4913",
    "/p/src/main.ts___jb_tmp___",
    "/p/src/gen/shop.ts.123.partial",
    "/p/src/service.log",
  ])("does not count in %s", (file) => expect(isWatched(roots, file)).toBe(false));

  it("counts in a folder that is named, whatever lies above it", () => {
    expect(isWatched(["/p/dist"], "/p/dist/main.js")).toBe(true);
    expect(isWatched(["/node_modules/p/src"], "/node_modules/p/src/main.ts")).toBe(true);
    expect(isWatched(["/p/src/a.test.ts"], "/p/src/a.test.ts")).toBe(true);
  });
});

it("leads to a root from the folders above it alone", () => {
  expect(["/", "/p", "/p/src"].map((folder) => leadsTo(["/p/src"], folder))).toEqual([true, true, true]);
  expect(["/q", "/p/source", "/p/src/deep"].map((folder) => leadsTo(["/p/src"], folder))).toEqual([
    false,
    false,
    false,
  ]);
});
