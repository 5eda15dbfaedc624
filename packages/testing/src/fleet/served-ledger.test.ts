import { describe, expect, it } from "vitest";
import { createReceipt } from "./receipt-recorder.js";
import { createServedLedger } from "./served-ledger.js";

describe("the ledger of served requests", () => {
  it("finds requests that ran twice on one instance or on two", () => {
    const ledger = createServedLedger();
    ledger.heard("a", { rollcall: "served", ids: ["1", "2", "2"], inFlight: 3 });
    ledger.heard("b", { rollcall: "served", ids: ["3", "1"], inFlight: 1 });
    ledger.heard("b", { rollcall: "stopped" });
    ledger.heard("b", "noise");
    const recorder = createReceipt();
    ledger.writeTo(recorder);
    const { duplicates, perInstance } = recorder.receipt();
    expect(duplicates).toBe(2);
    expect(perInstance).toMatchObject({ a: { served: 3, duplicates: 1 }, b: { served: 2, duplicates: 1 } });
  });

  it("knows what an instance has in hand until its process ends", () => {
    const ledger = createServedLedger();
    expect(ledger.inFlight("a")).toBe(0);
    ledger.heard("a", { rollcall: "served", ids: ["1"], inFlight: 1 });
    expect(ledger.inFlight("a")).toBe(1);
    ledger.ended("a");
    expect(ledger.inFlight("a")).toBe(0);
  });
});
