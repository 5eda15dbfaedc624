import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Contracts } from "./contracts.js";
import type { DevEvent } from "./events.js";

const proto = (fields: string): string =>
  `syntax = "proto3";\npackage shop.v1;\nmessage Order {\n  ${fields}\n}\n`;

let folder: string;
let events: DevEvent[];
let contracts: Contracts;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "dev-contracts-"));
  await mkdir(path.join(folder, "proto"));
  events = [];
  contracts = new Contracts(
    { proto: "proto", out: "src/gen", importFrom: "@rollcall/app", cwd: folder },
    (event) => void events.push(event),
  );
  await write(proto("string id = 1;"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const write = (text: string): Promise<void> => writeFile(path.join(folder, "proto/shop.proto"), text);
const module = (): string => path.join(folder, "src/gen/shop.ts");

describe("contracts under watch", () => {
  it("are generated when they are out of date, and left alone when they are not", async () => {
    expect(await contracts.update()).toEqual([module()]);
    const { mtimeMs } = await stat(module());
    expect(await contracts.update()).toEqual([]);
    expect((await stat(module())).mtimeMs).toBe(mtimeMs);
    await write(proto("string id = 1; string name = 2;"));
    expect(await contracts.update()).toEqual([module()]);
    expect(await readFile(module(), "utf8")).toContain("name");
    expect(events).toEqual([
      { event: "generated", out: "src/gen", modules: ["shop.ts"] },
      { event: "generated", out: "src/gen", modules: ["shop.ts"] },
    ]);
  });

  it("stay as they are while a proto is not valid, and the place of the fault is reported", async () => {
    await contracts.update();
    const before = await readFile(module(), "utf8");
    events.length = 0;
    await write(proto("strnig id = 1;\n  Itme item = 2;"));
    expect(await contracts.update()).toEqual([]);
    expect(await readFile(module(), "utf8")).toBe(before);
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({
      event: "not-generated",
      problems: [
        expect.stringMatching(/proto\/shop\.proto:4:3: .*strnig/),
        expect.stringMatching(/proto\/shop\.proto:5:3: .*Itme/),
      ],
    });
  });

  it("outlive the last proto", async () => {
    await contracts.update();
    await rm(path.join(folder, "proto/shop.proto"));
    expect(await contracts.update()).toEqual([]);
    expect(events.at(-1)).toMatchObject({ event: "not-generated" });
  });

  it("come from protos in their folder", () => {
    const from = [
      "proto/shop.proto",
      "proto/deep/a.proto",
      "proto/notes.md",
      "src/other.proto",
      "protos/a.proto",
    ];
    expect(from.map((file) => contracts.comeFrom(path.join(folder, file)))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});
