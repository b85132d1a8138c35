import { expect, test } from "bun:test";
import { DNS_NAME_LIMIT, isDnsName } from "./dns-name.ts";

test("isDnsName() takes names of lower case up to their length, and nothing else", () => {
  const label = "a".repeat(63);
  const longest = [label, label, label, "a".repeat(DNS_NAME_LIMIT - 192)].join(".");
  for (const good of ["a", "web.shop.svc", "_sip._tcp", "x-1.test", label, longest])
    expect([good, isDnsName(good)]).toEqual([good, true]);
  const bad = ["", ".", "a.", ".a", "a..b", "A", "*.a", "-a", "a-", "a b", "a:80", `${label}a`];
  for (const each of [...bad, `${longest}a`])
    expect([each, isDnsName(each)]).toEqual([each, false]);
});
