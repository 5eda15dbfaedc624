import { expect, it } from "vitest";
import { CommandLine } from "../fixtures/command-line.js";

it("tells what changed, by whom and why, newest first", async () => {
  const line = new CommandLine();
  line.offer();
  const weight = ["weight", "Orders", "--version", "1.5.0"] as const;
  await line.rollcall(...weight, "--percent", "5", "--reason", "canary");
  await line.clock.advance(61_000);
  await line.rollcall(...weight, "--percent", "25", "--by", "tom@ops", "--reason", "looks good");
  expect((await line.rollcall("log", "Orders")).out.split("\n")).toEqual([
    "gen  when                 who         what                why",
    "  2  2026-01-01 12:01:01  tom@ops     1.5.0: 5 % -> 25 %  looks good",
    "  1  2026-01-01 12:00:00  mia@laptop  stable 1.4.0        canary",
    "                                      1.5.0: 5 %",
  ]);
  const lines = (await line.rollcall("log", "Orders", "--limit", "1", "--json")).out.split("\n");
  expect(lines.map((each) => JSON.parse(each) as unknown)).toEqual([
    expect.objectContaining({
      service: "shop.v1.Orders",
      gen: 2,
      changes: ["1.5.0: 5 % -> 25 %"],
      by: "tom@ops",
    }),
  ]);
});

it("says so when nothing has changed, and names the services of an app", async () => {
  const line = new CommandLine();
  line.offer();
  expect((await line.rollcall("log", "Orders")).out).toBe("no changes");
  line.offer({ service: "shop.v1.Refunds" });
  expect((await line.rollcall("log", "orders")).out).toBe(
    "shop.v1.Orders\nno changes\nshop.v1.Refunds\nno changes",
  );
});

it("breaks long texts so that 100 columns are enough", async () => {
  const line = new CommandLine();
  line.offer();
  const reason = "a reason that goes on and on and has a lot of words to say ".repeat(4);
  await line.rollcall(
    "weight",
    "Orders",
    "--version",
    "1",
    "--percent",
    "5",
    "--reason",
    reason,
    "--by",
    "b".repeat(60),
  );
  const lines = (await line.rollcall("log", "Orders")).out.split("\n");
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(100);
});
