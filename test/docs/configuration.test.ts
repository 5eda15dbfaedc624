import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { configurationReference, sections } from "../../docs/build/configuration/reference.js";
import { variables } from "../../packages/app/src/variables.js";
import { pages, root } from "./pages.js";

const settings = sections.flatMap((section) => section.settings);
const units: Readonly<Record<string, number>> = { KiB: 1 << 10, MiB: 1 << 20 };

/** The number or the word in code that a docstring names as the default. */
function defaultNamedIn(docstring: string): string | undefined {
  const [, word, number, unit] = /Default:? (?:`([^`]+)`|([\d][\d ,]*)(KiB|MiB)?)/.exec(docstring) ?? [];
  return word ?? (number && String(Number(number.replaceAll(/[ ,]/g, "")) * (units[unit ?? ""] ?? 1)));
}

describe("the page of settings", () => {
  it("is what `npx -y pnpm@12 docs:settings` writes", async () => {
    const page = await readFile(join(root, "docs/guides/configuration.md"), "utf8");
    expect(page).toBe(configurationReference());
  });

  it("has every variable", () => {
    expect(settings.map(({ variable }) => variable)).toEqual(variables);
  });

  const named = settings.flatMap((each) => {
    const meant = defaultNamedIn(each.docstring);
    const isValue = typeof each.fallback === "number" || (typeof each.fallback === "string" && each.fallback);
    return meant !== undefined && isValue ? [{ ...each, meant }] : [];
  });

  it("compares the defaults of most settings", () => {
    expect(named.length).toBeGreaterThan(30);
  });

  it.each(named)("says the default of $variable that holds", ({ fallback, meant }) => {
    expect(meant).toBe(String(fallback));
  });
});

describe("the other pages", () => {
  it("name no setting of an app that there is not", () => {
    const prefixes = ["ROLLCALL_TLS_", "ROLLCALL_SERVER_"];
    const known = new Set([...variables, ...prefixes]);
    const ofTests = /^ROLLCALL_(TEST|SIM|REQUIRE)_/;
    const unknown = pages().flatMap(({ path, text }) =>
      [...text.matchAll(/ROLLCALL_[A-Z0-9_]+/g)]
        .map(([name]) => name)
        .filter((name) => !known.has(name) && !ofTests.test(name))
        .map((name) => `${path}: ${name}`),
    );
    expect(unknown).toEqual([]);
  });
});
