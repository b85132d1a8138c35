import { expect, test } from "bun:test";
import { fakeCluster, metricsPath, runCommand } from "../../test/fake/cli.ts";
import { deployment, pod } from "../../test/fake/mesh-objects.ts";

const client = fakeCluster(
  [
    deployment("web"),
    pod("web-1", { app: "web" }),
    pod("web-2", { app: "web" }),
    pod("bare", { meshed: false }),
  ],
  {
    [metricsPath("default", "web-1")]: 'a{authority="web:80",tls="true"} 1\n',
    [metricsPath("default", "web-2")]: "b 2\n",
  },
);

test("proxy-metrics prints each pod's own text", async () => {
  const { out } = await runCommand(["diagnostics", "proxy-metrics", "deploy/web"], { client });
  expect(out).toBe(
    '#\n# POD web-1 (1 of 2)\n#\na{authority="web:80",tls="true"} 1\n#\n# POD web-2 (2 of 2)\n#\nb 2\n',
  );
});

test("proxy-metrics of one pod can hide its names", async () => {
  const { out } = await runCommand(["dg", "proxy-metrics", "po/web-1", "--obfuscate"], { client });
  expect(out).toMatch(
    /^#\n# POD web-1 \(1 of 1\)\n#\na\{authority="[0-9a-f]{12}",tls="true"\} 1\n$/,
  );
});

test.each([
  ["po/none", "Cannot find pod/none in namespace default"],
  ["po/bare", "Cannot find a meshed pod of po/bare"],
  ["deploy", 'Cannot use "deploy": a name is missing'],
  ["cat/x", 'Cannot use "cat/x": kinds are'],
])("proxy-metrics %s: %s", async (resource, message) => {
  const { status, err } = await runCommand(["dg", "proxy-metrics", resource], { client });
  expect(status).toBe(1);
  expect(err).toContain(message);
});
