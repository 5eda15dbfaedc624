import { describe, expect, it } from "vitest";
import { defaultServerLimits } from "../transport/grpc/server-limits.js";
import { allowLanes } from "./server-limits.js";

const may = (change: Partial<typeof defaultServerLimits>): boolean =>
  allowLanes({ ...defaultServerLimits, ...change });

describe("a server's limits", () => {
  it("allow lanes by default, and where there are none", () => {
    expect(may({})).toBe(true);
    expect(may({ maxReceiveBytes: 0, maxMetadataPairs: 0, maxMetadataBytes: 0 })).toBe(true);
    expect(may({ maxReceiveBytes: 512 << 10, maxMetadataPairs: 80, maxMetadataBytes: 9 << 10 })).toBe(true);
  });

  it.each([
    { maxReceiveBytes: (512 << 10) - 1 },
    { maxSendBytes: 1 << 20 },
    { maxMetadataPairs: 79 },
    { maxMetadataBytes: (9 << 10) - 1 },
  ])("do not where they are narrower than a lane's: %o", (change) => {
    expect(may(change)).toBe(false);
  });
});
