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

test("--obfuscate hides every label that names who runs what, alike each time, and nothing else", async () => {
  const secret = `client_id="c.shop",target_addr="10.1.0.1:80",target_ip="10.1.0.1",dst_deployment="web",parent_name="web",backend_namespace="shop",srv_name="s",route_name="r",hostname="web.test"`;
  const plain = `direction="inbound",parent_kind="Service",srv_port="80",tls="true",status_code="200"`;
  const text = `m{${secret},${plain}} 1\n`;
  const world = {
    client: fakeCluster([pod("web-1")], { [metricsPath("default", "web-1")]: text }),
  };
  const words = ["dg", "proxy-metrics", "po/web-1", "--obfuscate"];
  const { out } = await runCommand(words, world);
  expect(out).toContain(`,${plain}} 1\n`);
  for (const [, value = ""] of secret.matchAll(/="([^"]+)"/g))
    expect(out).not.toContain(`"${value}"`);
  expect((await runCommand(words, world)).out).toBe(out);
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

test("proxy-metrics says which pod did not answer, beside what the others say", async () => {
  const some = fakeCluster(
    [deployment("web"), pod("web-1", { app: "web" }), pod("web-2", { app: "web" })],
    { [metricsPath("default", "web-1")]: "a 1\n" },
  );
  const words = ["diagnostics", "proxy-metrics", "deploy/web"];
  const { status, out } = await runCommand(words, { client: some });
  expect(status).toBe(0);
  expect(out).toMatch(/POD web-1 .*\n#\na 1\n#\n# POD web-2 .*\n#\n# ERROR .*not found\n$/);
});
