import { expect, test } from "bun:test";
import { profileRule } from "./profile-rule.ts";

test("MET4: a route's labels are those of its profile, with a prefix", () => {
  const failures = { statuses: [{ first: 500, last: 599 }], codes: [] };
  expect(profileRule("web:80", { labels: { route: "all", team: "a" }, failures })).toEqual({
    labels: { dst: "web:80", rt_route: "all", rt_team: "a" },
    failures,
  });
});
