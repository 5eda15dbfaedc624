import { ConfigError } from "@rollcall/core";
import { describe, expect, it } from "vitest";
import { readSettings } from "./settings.js";

const read = (options: object = {}, env: NodeJS.ProcessEnv = {}): ReturnType<typeof readSettings> =>
  readSettings(options, env);

describe("settings", () => {
  it("have defaults", () => {
    expect(read()).toEqual({
      registry: "etcd://127.0.0.1:2379",
      host: "0.0.0.0",
      port: 0,
      advertise: "",
      id: "",
      version: "0.0.0",
      track: "stable",
      zone: "",
      weight: 100,
      labels: {},
      edge: true,
      reflection: false,
      allowedCidrs: [],
      balancer: "peak-ewma",
      subsetSize: 0,
      timeoutMs: 10_000,
      breaker: "on",
      lane: true,
      busyPollUs: 300,
      maxPendingCalls: 10_000,
      serverTimeoutMs: 60_000,
      hangTimeoutMs: 500,
      gracePeriodMs: 30_000,
      propagationDelayMs: 500,
      startup: "wait",
      startupTimeoutMs: 5_000,
      logLevel: "info",
      logFormat: "auto",
    });
  });

  it("read labels and truth values as variables write them", () => {
    const env = {
      ROLLCALL_LABELS: "lane=red, team=shop",
      ROLLCALL_EDGE: "false",
      ROLLCALL_REFLECTION: "true",
    };
    expect(read({}, env)).toMatchObject({
      labels: { lane: "red", team: "shop" },
      edge: false,
      reflection: true,
    });
    expect(read({ labels: { lane: "blue" }, edge: false })).toMatchObject({
      labels: { lane: "blue" },
      edge: false,
    });
    for (const labels of ["lane", "=red", "a=b=c", "a=b,,c=d"])
      expect(() => read({}, { ROLLCALL_LABELS: labels })).toThrow(
        new ConfigError(`ROLLCALL_LABELS is ${JSON.stringify(labels)}; allowed: name=value,name=value`),
      );
  });

  it("come from code, then variables, and the variable wins", () => {
    expect(read({ port: 8080 }).port).toBe(8080);
    expect(read({ port: 8080 }, { ROLLCALL_PORT: "9090" }).port).toBe(9090);
    expect(read({ weight: 5 }, { ROLLCALL_WEIGHT: " 0.5 " }).weight).toBe(0.5);
    expect(read({}, { ROLLCALL_TRACK: "canary", ROLLCALL_WEIGHT: "0" })).toMatchObject({
      track: "canary",
      weight: 0,
    });
  });

  it("take an empty or blank variable for one that was left out", () => {
    for (const blank of ["", " ", "\t"]) {
      expect(read({ weight: 5 }, { ROLLCALL_WEIGHT: blank, ROLLCALL_PORT: blank })).toMatchObject({
        weight: 5,
        port: 0,
      });
    }
  });

  it("name the option or variable, its value and what is allowed", () => {
    expect(() => read({ port: 70_000 })).toThrow(
      new ConfigError("option port is 70000; allowed: a port from 1 to 65535, or 0 for any free one"),
    );
    expect(() => read({}, { ROLLCALL_BALANCER: "robin" })).toThrow(
      /^ROLLCALL_BALANCER is "robin"; allowed: .*weighted-round-robin/,
    );
  });

  it("refuse what merely turns into a number", () => {
    for (const value of [
      null,
      "",
      " ",
      [],
      [5],
      {},
      true,
      Number.NaN,
      Infinity,
      5n,
      "0x10",
      "1e3",
      "5ms",
      Symbol("five"),
      new Date(5),
    ]) {
      expect(() => read({ weight: value })).toThrow(ConfigError);
      expect(() => read({ port: value })).toThrow(ConfigError);
    }
    expect(() => read({ port: 0.5 })).toThrow("option port is 0.5");
    expect(() => read({ timeoutMs: Number.NaN })).toThrow("option timeoutMs is NaN");
    expect(() => read({ timeoutMs: 5n })).toThrow("option timeoutMs is 5n");
  });

  it("refuse words that would break an address, a key or a version", () => {
    for (const wrong of [
      { advertise: "http://shop:80" },
      { advertise: "shop :80" },
      { id: "a/b" },
      { id: "a b" },
      { version: "1.0 beta" },
      { version: "" },
      { track: "" },
      { zone: "a/b" },
      { registry: "" },
      { host: "" },
      { startup: "never" },
      { logLevel: "loud" },
      { timeoutMs: 0 },
      { gracePeriodMs: -1 },
    ]) {
      expect(() => read(wrong), JSON.stringify(wrong)).toThrow(ConfigError);
    }
  });
});
