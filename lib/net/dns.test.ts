import { expect, test } from "bun:test";
import { resolveHost } from "./dns.ts";

test("resolveHost() needs no look-up for addresses and localhost", async () => {
  expect(await resolveHost("::ffff:10.0.0.1")).toEqual(["10.0.0.1"]);
  expect(await resolveHost("localhost")).toEqual(["127.0.0.1", "::1"]);
});

test("E16: resolveHost() rejects what does not exist", async () => {
  const failed = await resolveHost("nowhere.invalid").catch(() => "rejected");
  expect(failed).toBe("rejected");
});
