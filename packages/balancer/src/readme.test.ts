import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { balancers } from "./balancers.js";
import { open } from "./contract.js";
import { endpoints, pick, refusal } from "./fixtures/endpoints.js";
import { fastest } from "./fixtures/fastest.js";

const readme = await readFile(join(import.meta.dirname, "../README.md"), "utf8");

describe("the README", () => {
  it("lists every policy by its name, the default as such", () => {
    for (const { name } of balancers) expect(readme).toContain(`| \`${name}\``);
    expect(readme).toContain(`\`${balancers[0]?.name}\` (default)`);
  });

  it("shows a policy of one's own as it is tested here", async () => {
    const code = await readFile(join(import.meta.dirname, "fixtures/fastest.ts"), "utf8");
    expect(readme).toContain(`\`\`\`ts\n${code}\`\`\``);
    const balancer = open(fastest);
    const view = endpoints([100, 100, 100, 0]);
    balancer.update(view);
    [30, 10, 20, 5].forEach((latencyMs, n) => (view[n]!.stats.latencyMs = latencyMs));
    expect(pick(balancer)).toBe(view[1]);
    expect(pick(balancer, [view[1]!])).toBe(view[2]);
    expect(refusal(balancer, view.slice(0, 3))).toBe("none of 4 endpoints is left");
    balancer.close();
    expect(refusal(balancer)).toBe("none of 0 endpoints is left");
  });
});
