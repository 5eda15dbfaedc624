import { expect, it } from "vitest";
import { cellOf } from "./fixtures/rounds.js";
import { resultsPage } from "./results-page.js";

it("says when, where and how, then shows the figures", () => {
  const page = resultsPage({
    date: "2026-11-21",
    machine: "2 cores of Some CPU, 8 GiB, Linux x64",
    node: "v24.21.0",
    versions: ["nice-grpc 2.1.18"],
    rounds: 3,
    ms: 1_500,
    cells: [cellOf({ "grpc-js": [100, 100, 100], "nice-grpc": [70, 80, 90] })],
    peaks: new Map([["grpc-js", { clientBytes: 100 * 2 ** 20, serverBytes: 90.4 * 2 ** 20 }]]),
    left: [{ kind: "grpc-go", why: "no go on PATH\nor elsewhere" }],
    sections: [
      { title: "Picks", text: "How long.", figures: { heads: ["policy", "ns"], rows: [["random", "7"]] } },
    ],
  });
  expect(page).toBe(`# Results

Written by \`npx -y pnpm@12 bench\`, as measured. [What is compared, and how](README.md).

- Date: 2026-11-21
- Machine: 2 cores of Some CPU, 8 GiB, Linux x64
- Node 24.21.0, nice-grpc 2.1.18
- Each figure: the median of 3 rounds of 1.5 s, in which all kinds took turns; min-max beside it
- x grpc-js: calls per second relative to raw grpc-js in the same round
- Not measured: grpc-go (no go on PATH or elsewhere)

## Unary calls

### 100 bytes, 64 at once

| kind      | x grpc-js |   min-max | calls/s | min-max | p50 us | p99 us | client CPU us | server CPU us |
| --------- | --------: | --------: | ------: | ------: | -----: | -----: | ------------: | ------------: |
| grpc-js   |      1.00 | 1.00-1.00 |     100 | 100-100 |     10 |     90 |         200.0 |         100.0 |
| nice-grpc |      0.80 | 0.70-0.90 |      80 |   70-90 |     10 |     90 |         200.0 |         100.0 |

## Memory under these loads

The most that each process has taken (peak RSS), all loads above together.

| kind    | client MiB | server MiB |
| ------- | ---------: | ---------: |
| grpc-js |        100 |         90 |

## Picks

How long.

| policy |  ns |
| ------ | --: |
| random |   7 |
`);
});
