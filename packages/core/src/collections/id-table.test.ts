import * as fc from "fast-check";
import { expect, it } from "vitest";
import { IdTable } from "./id-table.js";

it("an id table has what was added and not taken, however ids collide", () => {
  const id = fc.oneof(
    fc.nat({ max: 200 }),
    fc.nat({ max: 40 }).map((n) => n * 64),
    fc.nat({ max: 9 }).map((n) => Number.MAX_SAFE_INTEGER - n),
  );
  const step = fc.record({ id, takes: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), fc.boolean(), (steps, clears) => {
      const table = new IdTable<string>();
      const model = new Map<number, string>();
      for (const [n, { id: each, takes }] of steps.entries()) {
        if (takes) {
          expect(table.take(each)).toBe(model.get(each));
          model.delete(each);
        } else if (!model.has(each)) {
          table.add(each, `${n}`);
          model.set(each, `${n}`);
        }
        expect(table.size).toBe(model.size);
        expect(table.get(each)).toBe(model.get(each));
      }
      for (const [key, value] of model) expect(table.get(key)).toBe(value);
      const byId = [...model].toSorted(([a], [b]) => a - b).map(([, value]) => value);
      expect(table.values()).toEqual(byId);
      if (clears) {
        table.clear();
        expect([table.size, table.values()]).toEqual([0, []]);
        for (const key of model.keys()) expect(table.get(key)).toBeUndefined();
      }
    }),
  );
});
