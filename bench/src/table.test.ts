import { expect, it } from "vitest";
import { markdownTable, screenTable } from "./table.js";

const figures = {
  heads: ["kind", "calls/s", "p50"],
  rows: [
    ["grpc-js", "3,001", "12"],
    ["lane", "100,000", "1"],
  ],
};

it("aligns names left and numbers right in a terminal", () => {
  expect(screenTable(figures).split("\n")).toEqual([
    "kind     calls/s  p50",
    "grpc-js    3,001   12",
    "lane     100,000    1",
  ]);
});

it("aligns them in Markdown too", () => {
  expect(markdownTable(figures).split("\n")).toEqual([
    "| kind    | calls/s | p50 |",
    "| ------- | ------: | --: |",
    "| grpc-js |   3,001 |  12 |",
    "| lane    | 100,000 |   1 |",
  ]);
});
