import { expect, test } from "bun:test";
import { EnvReader, PORTS_LIMIT, parsePorts } from "./env-reader.ts";

test("EnvReader gives defaults for what is unset or empty, and notes nothing", () => {
  const env = new EnvReader({ EMPTY: "" });
  expect(env.duration("A", 5)).toBe(5);
  expect(env.boolean("EMPTY", true)).toBe(true);
  expect(env.number("A", 1)).toBe(1);
  expect(env.networks("A")).toEqual([]);
  expect(env.errors).toEqual([]);
});

test("EnvReader parses and notes every bad value", () => {
  const env = new EnvReader({
    D: "10s",
    B: "yes",
    N: "-1",
    A: "10.0.0.1:80",
    L: "10.0.0.1:80,x",
    W: "cold",
    C: "10.0.0.0/8,",
    O: "true",
  });
  expect(env.duration("D", 0)).toBe(10_000);
  expect(env.boolean("O", false)).toBe(true);
  expect(env.addr("A", { ip: "", port: 0 })).toEqual({ ip: "10.0.0.1", port: 80 });
  expect(env.networks("C").map(({ text }) => text)).toEqual(["10.0.0.0/8"]);
  env.boolean("B", false);
  env.number("N", 0);
  env.addrs("L", []);
  env.oneOf("W", "warm", ["warm", "hot"]);
  env.required("MISSING");
  expect(env.errors).toEqual([
    'B must be true or false: "yes"',
    'N must be a number: "-1"',
    'L must be a comma list of ip:port: "10.0.0.1:80,x"',
    'W must be one of warm, hot: "cold"',
    "MISSING is not set",
  ]);
});

test.each([",", " ", "10.0.0.1,", ",10.0.0.1"])(
  "a list of addresses has no empty entry: %p",
  (text) => {
    const env = new EnvReader({ IPS: text, ADDRS: text.replace("10.0.0.1", "10.0.0.1:80") });
    env.ips("IPS");
    env.addrs("ADDRS", []);
    expect(env.errors).toHaveLength(2);
  },
);

test("parsePorts() reads ports and ranges up to PORTS_LIMIT", () => {
  expect(parsePorts("80, 8000-8002,,")).toEqual([80, 8000, 8001, 8002]);
  expect(parsePorts("0-65535")).toHaveLength(PORTS_LIMIT);
  for (const bad of ["x", "9-1", "70000", "0-65535,1"]) expect(parsePorts(bad)).toBeUndefined();
});
