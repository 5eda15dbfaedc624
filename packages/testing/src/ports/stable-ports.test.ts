import { describe, expect, it } from "vitest";
import { stablePorts } from "./stable-ports.js";

describe("ports that the system does not give out", () => {
  it("are below its range, as Linux and RFC 6335 have it", () => {
    expect(stablePorts("32768\t60999\n")).toEqual({ from: 10_000, to: 30_000 });
    expect(stablePorts("49152 65535")).toEqual({ from: 10_000, to: 30_000 });
    expect(stablePorts("15000 60999")).toEqual({ from: 10_000, to: 15_000 });
  });

  it("are above it where it begins low", () => {
    expect(stablePorts("1024 40000")).toEqual({ from: 40_001, to: 65_536 });
    expect(stablePorts("1024 5000")).toEqual({ from: 10_000, to: 65_536 });
  });

  it("are the usual ones where the system gives out all, or says nothing that can be read", () => {
    for (const text of ["1024 65535", "1024 65000", "10500 65535", "", "many", "-1 5", "0 0"]) {
      expect(stablePorts(text), text).toEqual({ from: 10_000, to: 30_000 });
    }
  });

  it("are those of this machine by default", () => {
    const { from, to } = stablePorts();
    expect(to - from).toBeGreaterThanOrEqual(1_000);
  });
});
