import { failed, nowMs, picksOf, dueBetween, reasons } from "../harness/calls.js";
import { idOf, logOf } from "../harness/processes.js";
import { defineRow } from "../harness/row.js";
import { keyOf, steadyState } from "../harness/steady-state.js";

const record = (change: object, address = "10.1.2.3:4"): string =>
  JSON.stringify({
    Op: 0,
    Addr: address,
    Metadata: null,
    ext: { v: 1, inc: "1700000000000-a", w: 100, state: "up", ...change },
  });

/** Values that no instance writes, by the id they stand under. */
const poison: Readonly<Record<string, string>> = {
  "poison-brace": "{",
  "poison-list": "[]",
  "poison-negative": record({ w: -1 }),
  "poison-infinite": record({ w: 0 }).replace('"w":0', '"w":1e309'),
  "poison-unix": record({}, "unix:///tmp/socket"),
  "poison-large": record({ ver: "1" }).replace("{", `{"pad":"${"x".repeat(1 << 20)}",`),
};

export const poisonedKeys = defineRow({
  name: "poisoned-keys",
  fault: "Somebody writes nonsense under a service's prefix",
  inject: "six keys put into etcd: `{`, `[]`, weight -1 and 1e309, unix:///, 1 MB; each put twice",
  pace: "normal",
  limitMs: 90_000,
  bounds: {
    failed: { what: "calls failed", unit: "", atMost: 0 },
    picks: { what: "calls given to one of them", unit: "", atMost: 0 },
    fewest: { what: "warnings of a key, the fewest", unit: "", atLeast: 1, atMost: 1 },
    most: { what: "warnings of a key, the most", unit: "", atLeast: 1, atMost: 1 },
    used: { what: "good instances in use afterwards", unit: "", atLeast: 3, atMost: 3 },
  },
  async run(context) {
    const { etcd, services, caller } = await steadyState(context);
    const fromMs = nowMs();
    for (let round = 0; round < 2; round++) {
      for (const [id, value] of Object.entries(poison)) await etcd.put(keyOf(id), value);
      await context.sleep(1_000);
    }
    await context.sleep(1_000);
    const lastMs = nowMs();
    await context.sleep(1_000);
    await caller.end();
    const warnings = Object.keys(poison).map(
      (id) =>
        logOf(caller.process).filter((line) => line.level >= 40 && JSON.stringify(line).includes(id)).length,
    );
    const during = dueBetween(caller.calls, fromMs);
    const good = new Set(services.map(idOf));
    const last = new Set(picksOf(dueBetween(during, lastMs)).map(({ instance }) => instance));
    for (const reason of reasons(during)) context.note(reason);
    context.note(
      `warnings: ${Object.keys(poison)
        .map((id, n) => `${id} ${warnings[n]}`)
        .join(", ")}`,
    );
    return {
      failed: failed(during).length,
      picks: picksOf(during).filter(({ instance }) => !good.has(instance)).length,
      fewest: Math.min(...warnings),
      most: Math.max(...warnings),
      used: [...good].filter((id) => last.has(id)).length,
    };
  },
});
