import * as fc from "fast-check";
import { expect, it } from "vitest";
import { LinkedList, type Link } from "./linked-list.js";

it("a linked list holds what came and did not go, in that order", () => {
  const step = fc.oneof(fc.constant("add"), fc.constant("shift"), fc.nat({ max: 30 }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const list = new LinkedList<number>();
      const links: Link<number>[] = [];
      let model: number[] = [];
      for (const each of steps) {
        if (each === "add") {
          model.push(links.length);
          links.push(list.add(links.length));
        } else if (each === "shift") {
          expect(list.shift()?.value).toBe(model.shift());
        } else if (typeof each === "number" && links[each]) {
          list.remove(links[each]);
          model = model.filter((value) => value !== each);
        }
        expect(list.values()).toEqual(model);
        expect(list.size).toBe(model.length);
      }
      const held = new Set(model);
      for (const link of links.filter(({ value }) => !held.has(value)))
        expect([link.previous, link.next, link.list]).toEqual([undefined, undefined, undefined]);
    }),
  );
});
