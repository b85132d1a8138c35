import { expect, test } from "bun:test";
import { type Redirect, redirectOf } from "./redirect.ts";

const redirect = (over: Partial<Redirect>): Redirect => ({
  scheme: undefined,
  host: undefined,
  port: undefined,
  path: undefined,
  status: 302,
  ...over,
});
const located = (
  over: Partial<Redirect>,
  head: { scheme?: string; authority?: string; path?: string } = {},
  prefix: number | undefined = 1,
): string | undefined => {
  const asked = { scheme: "", authority: "web", path: "/a?b=c", ...head };
  const answer = redirectOf(redirect(over), asked, prefix);
  return answer?.type === "redirect" ? answer.location : answer?.type;
};

test.each([
  [{ host: "api" }, "web", "http://api/a?b=c"],
  [{ host: "api" }, "web:8080", "http://api:8080/a?b=c"],
  [{ host: "api" }, "web:80", "http://api/a?b=c"],
  [{ scheme: "https" }, "web:8080", "https://web/a?b=c"],
  [{ scheme: "https", port: 8443 }, "web", "https://web:8443/a?b=c"],
  [{ scheme: "https", port: 443 }, "web", "https://web/a?b=c"],
  [{ scheme: "https", port: 80 }, "web", "https://web:80/a?b=c"],
  [{ port: 8083 }, "web:8080", "http://web:8083/a?b=c"],
  [{ port: 80 }, "web:8080", "http://web/a?b=c"],
  [{ host: "api", port: 81 }, "web", "http://api:81/a?b=c"],
  [{ port: 81 }, "[::1]:80", "http://[::1]:81/a?b=c"],
  [{ host: "api" }, "", "http://api/a?b=c"],
] as const)("P21, ERR13: %j of %s leads to %s", (over, authority, location) => {
  expect(located(over, { authority })).toBe(location);
});

test("P21: a request with a scheme keeps it, and one that is there already is let through", () => {
  expect(located({ host: "api" }, { scheme: "https", authority: "web:443" })).toBe(
    "https://api/a?b=c",
  );
  expect(located({ host: "web" })).toBeUndefined();
  expect(located({ scheme: "http" })).toBeUndefined();
});

test.each([
  ["/foo/bar", 4, "/xyz", "/xyz/bar"],
  ["/foo/bar", 4, "/xyz/", "/xyz/bar"],
  ["/foo", 4, "/xyz", "/xyz"],
  ["/foo/", 4, "/xyz", "/xyz/"],
  ["/foo/bar", 4, "", "/bar"],
  ["/foo/", 4, "", "/"],
  ["/foo/", 4, "/", "/"],
  ["/foo", 4, "", "/"],
  ["/foo", 4, "/", "/"],
  ["/foo/bar", 1, "/xyz", "/xyz/foo/bar"],
  ["/foo?q=/x", 4, "/xyz", "/xyz?q=/x"],
] as const)(
  "P21: %s whose first %p characters are replaced by %p is %s",
  (path, prefix, value, wanted) => {
    expect(located({ path: { type: "prefix", value } }, { path }, prefix)).toBe(
      `http://web${wanted}`,
    );
  },
);

test("P21: a whole path is replaced and the query kept, unless the new one has its own", () => {
  const full = (value: string): string | undefined => located({ path: { type: "full", value } });
  expect([full("/x"), full("/x?y")]).toEqual(["http://web/x?b=c", "http://web/x?y"]);
  expect(located({ path: { type: "full", value: "/x" } }, { path: "/a" })).toBe("http://web/x");
});

test("ERR17: a prefix that was not matched cannot be replaced, and nobody is led to no host", () => {
  const prefixed = redirect({ path: { type: "prefix", value: "/x" } });
  const asked = { scheme: "", authority: "web", path: "/a" };
  expect(redirectOf(prefixed, asked, undefined)).toEqual({ type: "invalid-redirect" });
  expect(located({ port: 81 }, { authority: "" })).toBe("invalid-redirect");
});
