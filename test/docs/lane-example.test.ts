import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { batchOf } from "../../packages/core/src/fixtures/lane-ends.js";
import { laneLimits } from "../../packages/core/src/lane/lane-protocol.js";
import type { MetadataPairs } from "../../packages/core/src/lane/metadata-pairs.js";
import { root } from "./pages.js";

const page = await readFile(join(root, "docs/lane.md"), "utf8");
const examples = [...page.matchAll(/^```text\n([0-9a-f\s]+)^```$/gm)].map(([, hex = ""]) =>
  hex.replaceAll(/\s/g, ""),
);

const none: MetadataPairs = [];

describe("the page of the lane's protocol", () => {
  it("has batches as they are written", () => {
    const fromCaller = batchOf((frames) => {
      frames.call(1, 0, 250, none, Buffer.from("0a0131", "hex"));
      const metadata: MetadataPairs = [
        ["x-user", "7"],
        ["id-bin", Buffer.of(0xff, 0)],
      ];
      frames.call(300, 1, 0, metadata, Buffer.alloc(0));
      frames.cancel(1);
    });
    const fromServer = batchOf((frames) => {
      frames.reply(300, none, [["cost", "3"]], Buffer.from("0a026f6b", "hex"));
      frames.error(1, 1, "enough", none);
      frames.part(301, 70_000, Buffer.from("abc"));
    });
    expect(examples).toEqual([fromCaller.toString("hex"), fromServer.toString("hex")]);
  });

  it("has the limits that hold", () => {
    const rows = Object.fromEntries(
      [...page.matchAll(/^\| ([^|]+?) +\| ([^|]+?) +\|/gm)].map(([, what = "", limit = ""]) => [what, limit]),
    );
    const kib = (bytes: number): string => `${bytes >> 10} KiB`;
    const { maxAnswerMetadataBytes, maxAnswerMetadataPairs, maxMetadataBytes, maxMetadataPairs } = laneLimits;
    expect(rows).toMatchObject({
      "unanswered calls": laneLimits.maxCalls.toLocaleString("en"),
      "request message": kib(laneLimits.maxRequestBytes),
      "request metadata": `${maxMetadataPairs} pairs, ${kib(maxMetadataBytes)}`,
      "response message": `${laneLimits.maxResponseBytes >> 20} MiB`,
      "header, and trailer, of an answer": `${maxAnswerMetadataPairs} pairs, ${kib(maxAnswerMetadataBytes)}`,
      "an error's reason": `2 KiB, ${kib(laneLimits.maxReasonBytes)} accepted`,
      batch: kib(laneLimits.maxBatchBytes),
    });
    expect(page).toContain(`**A response above ${kib(laneLimits.partBytes)} comes in parts.**`);
    expect(page).toContain(`a server tells of ${laneLimits.maxMethods.toLocaleString("en")} at most`);
    expect(page).toContain(`batches become longer, up to ${kib(laneLimits.batchBytes)}`);
    expect(page).toContain(`More than ${laneLimits.maxWaitingRequestBytes >> 20} MiB of frames waits`);
    expect(page).toContain(
      `A server with more than ${laneLimits.maxWaitingResponseBytes >> 20} MiB of answers waiting`,
    );
  });
});
