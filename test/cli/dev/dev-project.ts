import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

const root = path.resolve(import.meta.dirname, "../../..");

const proto = `syntax = "proto3";
package shop.v1;
service Orders {
  rpc Get(GetOrder) returns (Order) { option idempotency_level = NO_SIDE_EFFECTS; }
}
message GetOrder { string id = 1; }
message Order { string id = 1; }
`;

const tsconfig = {
  compilerOptions: {
    target: "es2024",
    module: "nodenext",
    strict: true,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
  },
};

/** A constructor parameter that is injected by its class, so that the decorators' metadata has to be there. */
const main = `import { createApp, Service } from "@rollcall/app";
import { Answer } from "./answer.js";
import { Orders, type GetOrder, type OrderInit } from "./gen/shop.js";

@Service(Orders)
class OrdersService {
  constructor(private readonly answer: Answer) {}
  async get({ id }: GetOrder): Promise<OrderInit> {
    if (id === "crash") setTimeout(() => process.exit(42), 0);
    return { id: this.answer.text + (process.env["SUFFIX"] ?? "") };
  }
}

await createApp({ name: "orders", version: "1.0.0", services: [OrdersService] }).run();
`;

/** A project as a user has it, whose service answers every call with one word. */
export class DevProject implements AsyncDisposable {
  private constructor(readonly folder: string) {}

  static async create(): Promise<DevProject> {
    const project = new DevProject(await mkdtemp(path.join(tmpdir(), "rollcall-dev-")));
    for (const folder of ["src/gen", "proto", "node_modules/@rollcall"])
      await mkdir(path.join(project.folder, folder), { recursive: true });
    await symlink(path.join(root, "packages/app"), path.join(project.folder, "node_modules/@rollcall/app"));
    await project.write("package.json", JSON.stringify({ name: "orders", type: "module" }));
    await project.write("tsconfig.json", JSON.stringify(tsconfig));
    await project.write("proto/shop.proto", proto);
    await project.write("src/main.ts", main);
    await project.answer("v0");
    return project;
  }

  async write(file: string, text: string): Promise<void> {
    await writeFile(path.join(this.folder, file), text);
  }

  async answer(word: string): Promise<void> {
    await this.write("src/answer.ts", `export class Answer {\n  readonly text: string = "${word}";\n}\n`);
  }

  /** Adds a field to the contract, or something that is none. */
  async field(declaration: string): Promise<void> {
    await this.write(
      "proto/shop.proto",
      proto.replace("string id = 1; }", `string id = 1; ${declaration} }`),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
