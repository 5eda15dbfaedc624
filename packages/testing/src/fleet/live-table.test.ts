import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { manualClock } from "./fixtures/manual-clock.js";
import { createLiveTable, type LiveRow } from "./live-table.js";

const row: LiveRow = {
  instance: "10.0.0.1:1",
  version: "1.0.0",
  state: "serving",
  callsPerSecond: 166.7,
  inFlight: 2,
  errors: 0,
};

function stream(): { readonly write: NodeJS.WriteStream; text(): string } {
  const write = new PassThrough();
  let text = "";
  write.on("data", (chunk: Buffer) => (text += chunk.toString()));
  return { write: write as unknown as NodeJS.WriteStream, text: () => text };
}

describe("the live table", () => {
  it("writes plain lines, now and then, where there is no terminal", async () => {
    const clock = manualClock();
    const out = stream();
    const table = createLiveTable({ stream: out.write, plainEveryMs: 1000, clock });
    table.update("steady", [row]);
    table.update("steady", [row]);
    table.note("killed one");
    await clock.advance(1000);
    table.update("after", [row]);
    table.done();
    expect(out.text()).toBe(
      "steady: 10.0.0.1:1 serving 167/s\nkilled one\nafter: 10.0.0.1:1 serving 167/s\n",
    );
  });

  it("redraws a table in a terminal", () => {
    const out = stream();
    const table = createLiveTable({ stream: out.write, live: true });
    table.update("steady", [row]);
    table.update("steady", [{ ...row, inFlight: 77 }]);
    table.done();
    expect(out.text()).toContain("calls/s");
    expect(out.text()).toContain("77");
    expect(out.text()).toContain("\u001B[");
  });
});
