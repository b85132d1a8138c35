import { expect, test } from "bun:test";
import { fakeCluster, runCommand } from "../../test/fake/cli.ts";
import { installed } from "../../test/fake/installed.ts";

const ask = (words: readonly string[], stdin = "") =>
  runCommand(["profile", ...words], { client: fakeCluster(installed()), stdin });

test("a template is in the Service's namespace, by its whole name", async () => {
  const { status, out, err } = await ask(["--template", "web", "-n", "shop"]);
  expect([status, err]).toEqual([0, ""]);
  expect(out).toContain("  name: web.shop.svc.cluster.local\n  namespace: shop\n");
  expect(out).toContain("isRetryable: true");
});

test("an OpenAPI document comes by a file or standard input, in YAML or JSON", async () => {
  for (const document of ["paths:\n  /a:\n    get: {}\n", '{"paths": {"/a": {"get": {}}}}']) {
    const { out } = await ask(["--open-api", "-", "web", "-o", "json"], document);
    expect(JSON.parse(out)).toMatchObject({
      metadata: { name: "web.default.svc.cluster.local" },
      spec: { routes: [{ name: "GET /a", condition: { method: "GET", pathRegex: "/a" } }] },
    });
  }
});

test("a protobuf file comes by standard input, and without a cluster", async () => {
  const { status, out } = await runCommand(["profile", "--proto", "-", "--ignore-cluster", "web"], {
    stdin: "package a; service B { rpc C(D) returns (E); }",
  });
  expect(status).toBe(0);
  expect(out).toContain("pathRegex: /a\\.B/C\n");
});

test.each([
  [["web"], "exactly one of --template, --open-api and --proto"],
  [["--template", "--proto", "x", "web"], "exactly one of"],
  [["--template", "Web"], 'Cannot use "Web": it is no Service\'s name'],
  [["--proto", "/nowhere.proto", "web"], "Cannot read /nowhere.proto: there is no such file"],
  [["--open-api", "-", "web"], "it has no paths"],
])("%j is refused", async (words, why) => {
  const { status, err } = await ask(words, "info: {}\n");
  expect(status).toBe(1);
  expect(err).toContain(why);
});
