import { afterEach, describe, expect, it } from "vitest";
import { Code } from "../code.js";
import { RpcError } from "../errors.js";
import { settle } from "@rollcall/testing/clock";
import { Cancellation } from "./cancellation.js";

const reason = new RpcError(Code.Cancelled, "enough");

describe("a cancellation", () => {
  const uncaught: unknown[] = [];
  let restore: (() => void) | undefined;
  afterEach(() => restore?.());

  it("tells each listener once, with the first reason", () => {
    const cancellation = new Cancellation();
    const seen: unknown[] = [];
    cancellation.onCancel((each) => seen.push(each));
    cancellation.cancel(reason);
    cancellation.cancel(new RpcError(Code.Internal, "later"));
    expect(seen).toEqual([reason]);
    expect(cancellation.reason).toBe(reason);
  });

  it("tells a listener that comes late at once", () => {
    const cancellation = new Cancellation();
    cancellation.cancel(reason);
    const seen: unknown[] = [];
    cancellation.onCancel((each) => seen.push(each))();
    expect(seen).toEqual([reason]);
  });

  it("does not tell a listener that was removed, even by another listener", () => {
    const cancellation = new Cancellation();
    const seen: string[] = [];
    cancellation.onCancel(() => removeLater());
    const removeLater = cancellation.onCancel(() => seen.push("removed"));
    cancellation.onCancel(() => seen.push("kept"));
    cancellation.cancel(reason);
    expect(seen).toEqual(["kept"]);
  });

  it("aborts its signal, whenever that is first read", () => {
    const before = new Cancellation();
    const { signal } = before;
    expect(signal.aborted).toBe(false);
    before.cancel(reason);
    expect(signal.reason).toBe(reason);
    const after = new Cancellation();
    after.cancel(reason);
    expect(after.signal.reason).toBe(reason);
  });

  it("tells the others when a listener throws, and reports the error as uncaught", async () => {
    const listeners = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    process.on("uncaughtException", (error) => uncaught.push(error));
    restore = () => {
      process.removeAllListeners("uncaughtException");
      for (const each of listeners) process.on("uncaughtException", each);
    };
    const cancellation = new Cancellation();
    const { signal } = cancellation;
    const failure = new Error("listener");
    let told = false;
    cancellation.onCancel(() => {
      throw failure;
    });
    cancellation.onCancel(() => (told = true));
    cancellation.cancel(reason);
    await settle();
    expect(told).toBe(true);
    expect(signal.aborted).toBe(true);
    expect(uncaught).toEqual([failure]);
  });
});
