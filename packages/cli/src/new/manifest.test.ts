import { readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { manifestFiles } from "./manifest.js";
import { packageManagerFor } from "./package-manager.js";
import { templateFolder } from "./template.js";

const template = JSON.stringify({
  name: "orders",
  dependencies: { "@rollcall/app": "1.2.3", zod: "^4.0.0" },
  devDependencies: { "@rollcall/testing": "1.2.3" },
  engines: { node: ">=22.12.0" },
});
const tarballs = new Map([
  ["@rollcall/app", "/far/away/rollcall-app-1.2.3.tgz"],
  ["@rollcall/core", "/far/away/rollcall-core-1.2.3.tgz"],
  ["@rollcall/testing", "/far/away/rollcall-testing-1.2.3.tgz"],
]);
const references = {
  "@rollcall/app": "file:vendor/rollcall-app-1.2.3.tgz",
  "@rollcall/core": "file:vendor/rollcall-core-1.2.3.tgz",
  "@rollcall/testing": "file:vendor/rollcall-testing-1.2.3.tgz",
};

function manifestFor(agent: string, from?: typeof tarballs): Record<string, unknown> {
  const [file] = manifestFiles(
    template,
    packageManagerFor(undefined, { npm_config_user_agent: agent }),
    from,
  );
  return JSON.parse(file?.text ?? "") as Record<string, unknown>;
}

describe("package.json of a project", () => {
  it("has Rollcall by version when it comes from a registry", () => {
    expect(manifestFor("npm/11.0.0 node/v24.0.0")).toMatchObject({
      dependencies: { "@rollcall/app": "1.2.3", zod: "^4.0.0" },
      allowScripts: { protobufjs: false },
    });
    expect(manifestFor("npm/11.0.0")).not.toHaveProperty("overrides");
    expect(manifestFor("yarn/1.22.22")).not.toHaveProperty("resolutions");
  });

  it("has it from tarballs, for what its packages depend on too, in the words of each package manager", () => {
    const direct = {
      dependencies: { "@rollcall/app": references["@rollcall/app"], zod: "^4.0.0" },
      devDependencies: { "@rollcall/testing": references["@rollcall/testing"] },
    };
    expect(manifestFor("npm/11.0.0", tarballs)).toMatchObject({ ...direct, overrides: references });
    expect(manifestFor("yarn/1.22.22", tarballs)).toMatchObject({
      dependencies: direct.dependencies,
      devDependencies: { ...direct.devDependencies, vite: "^8.0.0" },
      resolutions: references,
    });
    expect(manifestFor("pnpm/12.1.0", tarballs)).toMatchObject(direct);
    const [, settings] = manifestFiles(template, packageManagerFor("pnpm", {}), tarballs);
    expect(settings?.path).toBe("pnpm-workspace.yaml");
    expect(settings?.text).toContain(`overrides:\n  "@rollcall/app": file:vendor/rollcall-app-1.2.3.tgz\n`);
  });

  it("names the tools in the versions that Rollcall is tested with", async () => {
    const read = async (
      file: string,
    ): Promise<{ devDependencies: Record<string, string>; engines: object }> =>
      JSON.parse(await readFile(file, "utf8")) as {
        devDependencies: Record<string, string>;
        engines: object;
      };
    const own = await read(path.join(templateFolder, "package.json"));
    const root = await read(path.resolve(import.meta.dirname, "../../../../package.json"));
    const tools = Object.entries(own.devDependencies).filter(([name]) => !name.startsWith("@rollcall/"));
    expect(tools.length).toBeGreaterThan(4);
    for (const [name, version] of tools) expect([name, version]).toEqual([name, root.devDependencies[name]]);
    expect(own.engines).toEqual(root.engines);
  });
});

describe("the package manager of a project", () => {
  it.each([
    ["pnpm/12.21.0 npm/? node/v24.0.0 linux x64", "pnpm"],
    ["yarn/1.22.22 npm/? node/v24.0.0", "yarn"],
    ["yarn/4.9.1 npm/? node/v24.0.0", "npm"],
    ["npm/11.0.0 node/v24.0.0", "npm"],
    ["bun/1.3.0 npm/? node/v24.0.0", "npm"],
    ["constructor/1.0.0", "npm"],
    ["", "npm"],
  ])("for %j is %s", (agent, name) => {
    expect(packageManagerFor(undefined, { npm_config_user_agent: agent }).name).toBe(name);
  });

  it("is the one that was asked for, and npm when nobody says", () => {
    expect(packageManagerFor("npm", { npm_config_user_agent: "pnpm/12.0.0" }).name).toBe("npm");
    expect(packageManagerFor(undefined, {}).name).toBe("npm");
  });
});
