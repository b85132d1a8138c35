import { expect, test } from "bun:test";
import { fakeCluster, metricsPath, runCommand } from "../../test/fake/cli.ts";
import { deployment, pod } from "../../test/fake/mesh-objects.ts";

const ID = "voting.shop.serviceaccount.identity.linkerd.cluster.local";
const METRICS = `response_total{direction="outbound",dst_deployment="voting",dst_namespace="shop",tls="true",server_id="${ID}"} 9
response_total{direction="outbound",dst_deployment="voting",dst_namespace="shop",tls="true",server_id="${ID}",status_code="500"} 1
tcp_open_connections{direction="outbound",peer="dst",dst_deployment="bare",dst_namespace="shop",tls="no_identity",no_tls_reason="not_provided_by_service_discovery"} 2
tcp_open_connections{direction="outbound",peer="dst",dst_deployment="gone",dst_namespace="shop",tls="true",server_id="x"} 0
tcp_open_connections{direction="outbound",peer="src"} 3
response_total{direction="inbound",dst_deployment="other"} 4
`;

const world = (): Parameters<typeof runCommand>[1] => ({
  client: fakeCluster(
    [
      deployment("web"),
      deployment("voting", "shop"),
      pod("web-1", { app: "web" }),
      pod("web-2", { app: "web" }),
      pod("voting-1", { app: "voting", namespace: "shop" }),
    ],
    {
      [metricsPath("default", "web-1")]: () => METRICS,
      [metricsPath("default", "web-2")]: () => METRICS,
      [metricsPath("shop", "voting-1")]: () => "",
    },
  ),
});

test("viz edges shows each pair of workloads once, and why one is not secured", async () => {
  const { out, status } = await runCommand(["viz", "edges", "deploy"], world());
  expect(out).toBe(
    `SRC   DST      SRC_NS    DST_NS   SECURED
web   bare     default   shop     not_provided_by_service_discovery
web   voting   default   shop     √
`,
  );
  expect(status).toBe(0);
});

test("viz edges by its old name, wide, from the other end, shows identities", async () => {
  const { out, err } = await runCommand(
    ["edges", "deploy/voting", "-n", "shop", "-o", "wide"],
    world(),
  );
  expect(out).toBe(
    `SRC   DST      SRC_NS    DST_NS   CLIENT_ID         SERVER_ID     SECURED
web   voting   default   shop     default.default   voting.shop   √
`,
  );
  expect(err).toBe("edges is deprecated: use viz edges\n");
});

test("viz edges as JSON has Linkerd's keys; where there are none it says so", async () => {
  const { out } = await runCommand(["viz", "edges", "deploy", "-A", "-o", "json"], world());
  expect(JSON.parse(out)).toEqual([
    {
      ...{ src: "web", src_namespace: "default", dst: "bare", dst_namespace: "shop" },
      ...{ client_id: "", server_id: "", no_tls_reason: "not_provided_by_service_discovery" },
    },
    {
      ...{ src: "web", src_namespace: "default", dst: "voting", dst_namespace: "shop" },
      ...{ client_id: "default.default", server_id: "voting.shop", no_tls_reason: "" },
    },
  ]);
  const none = await runCommand(["viz", "edges", "sts"], world());
  expect(none.err).toBe("No edges found.\n");
});

test("viz edges of both ends shows what is between them once", async () => {
  const words = ["viz", "edges", "deploy/web", "deploy/voting", "-A"];
  const { out } = await runCommand(words, world());
  expect(out.split("\n").filter((line) => /^web +voting/.test(line))).toHaveLength(1);
});
