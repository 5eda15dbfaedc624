import type { ListedInstance } from "@rollcall/core";
import { FakeClock, settle } from "@rollcall/testing";
import { expect, it } from "vitest";
import { untilRegistered } from "./registered.js";

const { signal: never } = new AbortController();

function listed(id: string, state: string, incarnation = "1-a"): ListedInstance {
  return { instance: { id, state, incarnation, address: `${id}:1` } } as ListedInstance;
}

it("resolves when the instance is registered and up; a registry that fails is asked again", async () => {
  const clock = new FakeClock();
  const answers: (readonly ListedInstance[] | Error)[] = [
    [listed("other", "up")],
    new Error("unavailable"),
    [listed("mine", "draining")],
    [listed("other", "up"), listed("mine", "up")],
  ];
  const list = async (): Promise<readonly ListedInstance[]> => {
    const answer = answers.shift()!;
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const found = untilRegistered({ list, id: "mine", clock, signal: never });
  await clock.advance(600);
  expect(await found).toBe("mine:1");
  expect(answers).toEqual([]);
});

it("does not take the record that a process before has left for its successor's", async () => {
  const clock = new FakeClock();
  const answers = [[listed("mine", "up", "4999-a")], [listed("mine", "up", "5000-b")]];
  const list = async (): Promise<readonly ListedInstance[]> => answers.shift()!;
  const found = untilRegistered({ list, id: "mine", sinceMs: 5000, clock, signal: never });
  await clock.advance(100);
  expect(await found).toBe("mine:1");
  expect(answers).toEqual([]);
});

it("rejects when nobody waits any more", async () => {
  const clock = new FakeClock();
  const over = new AbortController();
  const found = untilRegistered({ list: async () => [], id: "mine", clock, signal: over.signal });
  await settle();
  over.abort(new Error("the process has ended"));
  await expect(found).rejects.toThrow("the process has ended");
  expect(clock.pending).toBe(0);
});
