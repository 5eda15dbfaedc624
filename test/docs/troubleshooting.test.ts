import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { sourceMessages } from "../../docs/build/messages/source-messages.js";

const page = await readFile(join(import.meta.dirname, "../../docs/guides/troubleshooting.md"), "utf8");

/** The lines of the page's text blocks, with `<>` for each value. */
const listed = [...page.matchAll(/^```text\n(.*?)^```$/gms)].flatMap(([, block = ""]) =>
  block.trim().split("\n"),
);

const { raised, texts } = sourceMessages(["core", "registry", "balancer", "app"]);

/** Errors whose words are somebody else's: passed on as they came, or described where they are made. */
const withWordsFromElsewhere = [
  // Of the membership: listed with the error of calls that find nobody.
  "packages/core/src/cluster/cluster.ts",
  // Of the link's end, which is listed.
  "packages/core/src/lane/caller-lane.ts",
  // Of what the other end did, for which there is a page.
  "packages/core/src/lane/violation.ts",
  // Of the error that a handler lets pass.
  "packages/core/src/server/error-boundary.ts",
  // Of the limits, which are listed.
  "packages/core/src/server/shed.ts",
  // Of the server, or of grpc-js.
  "packages/core/src/transport/grpc/status.ts",
  // Of the certificate's fault, which is listed.
  "packages/core/src/transport/grpc/tls-peer.ts",
];

/** Whether a line of the page, whose values are written `<what>`, is that text. */
function says(line: string, text: string): boolean {
  const literals = text.split("<>").map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${literals.join("<[^>]+>")}$`).test(line);
}

describe("the page of error messages", () => {
  it("has every error that the packages raise", () => {
    const missing = raised.flatMap(({ file, line, texts: said = [] }) =>
      said
        .filter((text) => !listed.some((each) => says(each, text)))
        .map((text) => `${file}:${line}: ${text}`),
    );
    expect(missing).toEqual([]);
  });

  it("knows where errors have their words from elsewhere", () => {
    const unknown = raised.filter((each) => each.texts === undefined).map(({ file }) => file);
    expect([...new Set(unknown)]).toEqual(withWordsFromElsewhere);
  });

  it("has no message that the packages have not", () => {
    const all = [...texts, ...raised.flatMap((each) => each.texts ?? [])];
    expect(listed.filter((line) => !all.some((text) => says(line, text)))).toEqual([]);
  });

  it("has each message once", () => {
    expect(listed).toEqual([...new Set(listed)]);
  });
});
