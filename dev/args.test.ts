import { expect, test } from "bun:test";
import { HELP, parseDev } from "./args.ts";

test.each([
  [["down"], { type: "down", name: "dev" }],
  [["status", "--name", "x"], { type: "status", name: "x" }],
  [["kubeconfig"], { type: "kubeconfig", name: "dev" }],
  [[], { type: "help" }],
  [["up", "-h"], { type: "help" }],
] as const)("parseDev() reads %j", (words, expected) => {
  expect(parseDev(words, "/")).toEqual(expected);
});

test("parseDev() gathers what is brought up", () => {
  const words = ["up", "-f", "a.yml", "--file", "b.yml", "--image", "web=sh", "--verbose"];
  const values = [
    "--redirect",
    "nft",
    "--issuance-lifetime",
    "30s",
    "--name",
    "x",
    "--ip-family",
    "dual",
  ];
  expect(parseDev([...words, ...values], "/")).toEqual({
    type: "up",
    name: "x",
    files: ["a.yml", "b.yml"],
    images: new Map([["web", Bun.which("sh") ?? ""]]),
    overrides: {
      cni: { redirect: "nft" } as never,
      identity: { issuer: { issuanceLifetime: "30s" } } as never,
    },
    ipFamily: "dual",
    verbose: true,
  });
  expect(parseDev(["up"], "/")).toMatchObject({
    files: [],
    overrides: {},
    ipFamily: "ipv4",
    verbose: false,
  });
});

test.each([
  [["up", "down"], "unexpected argument down"],
  [["fly"], "unknown command fly; the commands are up, down, status, kubeconfig"],
  [["up", "--image", "web"], "Cannot use image web: write NAME=PROGRAM"],
  [["up", "--image", "web=no-such-program"], "no-such-program is no program of this machine"],
  [["up", "--ip-family", "IPv6"], "--ip-family is IPv6; it can be ipv4, ipv6, dual"],
  [["up", "--colour"], "--colour"],
] as const)("parseDev() refuses %j", (words, message) => {
  const command = parseDev(words, "/");
  expect(command.type === "error" && command.message).toContain(message);
});

test("the help names every flag", () => {
  for (const flag of ["--file", "--image", "--redirect", "--issuance-lifetime", "--ip-family"])
    expect(HELP).toContain(flag);
});
