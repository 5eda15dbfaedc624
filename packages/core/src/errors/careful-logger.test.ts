import { Metadata } from "@grpc/grpc-js";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { Code } from "../code.js";
import { RpcError } from "../errors.js";
import { fakeLogger } from "../fixtures/fake-logger.js";
import { carefulLogger } from "./careful-logger.js";

const secret = "s3cret";

function metadata(): Metadata {
  const result = new Metadata();
  result.set("authorization", secret);
  return result;
}

describe("a careful logger", () => {
  it("writes no secret of an error, a text or metadata, and no less than it was given otherwise", () => {
    const { logger, lines } = fakeLogger();
    const log = carefulLogger(logger);
    const foreign = Object.assign(new Error("foreign"), { metadata: metadata(), request: { card: secret } });
    const err = new RpcError(Code.Internal, "no", { path: "a.B/C", trailer: metadata(), cause: foreign });
    log.error(
      { err, method: "a.B/C", count: 2, list: [1], nothing: undefined },
      "failed at %s",
      `http://u:${secret}@h`,
    );
    log.warn(foreign, "with an error alone");
    log.info({ metadata: metadata(), error: foreign, url: `etcd://u:${secret}@h:1` });
    log.child({ part: "p" }).fatal({ err: foreign }, `open etcd://u:${secret}@h:1`);
    log.debug("plain");
    expect(lines).toMatchObject([
      {
        level: 50,
        msg: "failed at http://***@h",
        method: "a.B/C",
        count: 2,
        list: [1],
        err: { type: "RpcError" },
      },
      { level: 40, msg: "with an error alone", err: { message: "foreign" } },
      { level: 30, metadata: ["authorization"], url: "etcd://***@h:1" },
      { level: 60, part: "p", msg: "open etcd://***@h:1", err: { message: "foreign" } },
      { level: 20, msg: "plain" },
    ]);
    expect(lines[0]).not.toHaveProperty("nothing");
    expect(JSON.stringify(lines)).not.toContain(secret);
  });

  it("follows the level of the logger it was made of, and sets it", () => {
    const { logger, lines } = fakeLogger();
    const log = carefulLogger(logger);
    logger.level = "warn";
    log.info("not written");
    expect(log.level).toBe("warn");
    expect(log.isLevelEnabled("info")).toBe(false);
    log.level = "info";
    log.info({ err: new Error("e") }, "written");
    expect(logger.level).toBe("info");
    expect(lines.map(({ msg }) => msg)).toEqual(["written"]);
  });

  it("leaves errors to the serializer that the logger has", () => {
    const lines: string[] = [];
    const serializers = {
      err: (error: unknown) => (error instanceof Error ? { is: error.message } : "not an error"),
    };
    const logger = pino({ serializers }, { write: (line) => void lines.push(line) });
    carefulLogger(logger).error({ err: Object.assign(new Error("e"), { secret }) });
    carefulLogger(logger).error({ err: undefined });
    expect(lines.map((line) => (JSON.parse(line) as { err: unknown }).err)).toEqual([
      { is: "e" },
      { is: "undefined" },
    ]);
  });

  it("is made once", () => {
    const log = carefulLogger(fakeLogger().logger);
    expect(carefulLogger(log)).toBe(log);
  });
});
