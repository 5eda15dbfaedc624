import type { ListedInstance, RegistryBackend } from "@rollcall/core";
import { FakeClock, settle } from "@rollcall/testing";
import { expect, it } from "vitest";
import { untilRegistered } from "./registered.js";

function listed(id: string, state: string): ListedInstance {
  return { instance: { id, state, address: `${id}:1` } } as ListedInstance;
}

it("resolves when the instance is registered and up; a registry that fails is asked again", async () => {
  const clock = new FakeClock();
  const answers: (readonly ListedInstance[] | Error)[] = [
    [listed("other", "up")],
    new Error("unavailable"),
    [listed("mine", "draining")],
    [listed("other", "up"), listed("mine", "up")],
  ];
  const list: RegistryBackend["list"] = async () => {
    const answer = answers.shift()!;
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const found = untilRegistered({ list }, "mine", clock, new AbortController().signal);
  await clock.advance(600);
  expect(await found).toBe("mine:1");
  expect(answers).toEqual([]);
});

it("rejects when nobody waits any more", async () => {
  const clock = new FakeClock();
  const over = new AbortController();
  const found = untilRegistered({ list: async () => [] }, "mine", clock, over.signal);
  await settle();
  over.abort(new Error("the process has ended"));
  await expect(found).rejects.toThrow("the process has ended");
  expect(clock.pending).toBe(0);
});
