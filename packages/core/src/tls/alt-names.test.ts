import { X509Certificate } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createAuthority, type AltName } from "../fixtures/certificates.js";
import { altNamesOf, parseAltNames } from "./alt-names.js";

const authority = createAuthority();
const issue = (names: readonly AltName[], cn = "test"): X509Certificate =>
  new X509Certificate(authority.issue({ names, cn }).cert);

describe("the names of a certificate", () => {
  it("are its URIs and DNS names, in order", () => {
    const names = [
      { dns: "a" },
      { uri: "spiffe://t/a" },
      { ip: [10, 0, 0, 1] },
      { dns: "b" },
      { email: "a@b" },
    ];
    expect(altNamesOf(issue(names))).toEqual({ uris: ["spiffe://t/a"], dnsNames: ["a", "b"] });
  });

  it("are not looked for in its subject", () => {
    expect(altNamesOf(issue([], "x, URI:spiffe://t/a"))).toEqual({ uris: [], dnsNames: [] });
  });

  it("are never read from inside another name, whatever is written in it", () => {
    const piece = fc.constantFrom(
      ", ",
      "URI:",
      "DNS:",
      "spiffe://t/a",
      '"',
      "\\",
      "'",
      "\0",
      "\n",
      "ü",
      "a",
      "",
    );
    const text = fc.array(piece, { minLength: 1, maxLength: 6 }).map((pieces) => pieces.join(""));
    const name = fc.oneof(
      text.map((dns) => ({ dns })),
      text.map((uri) => ({ uri })),
      text.map((email) => ({ email })),
    );
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 4 }), (names) => {
        // Names are bytes; Node writes each as a character.
        const written = (value: string): string => Buffer.from(value).toString("latin1");
        expect(altNamesOf(issue(names))).toEqual({
          uris: names.flatMap((each) => ("uri" in each ? [written(each.uri)] : [])),
          dnsNames: names.flatMap((each) => ("dns" in each ? [written(each.dns)] : [])),
        });
      }),
      { numRuns: 100 },
    );
  });

  it("are none at all where Node's text is not as expected", () => {
    for (const text of [
      ", ",
      "a",
      "URI:a,b",
      'URI:"a',
      'URI:"a"b',
      'URI:"\\x"',
      "URI:a, ",
      "URI:a, , DNS:b",
      ",URI:a",
    ])
      expect(parseAltNames(text), text).toBeUndefined();
  });
});
