import { expect, test } from "bun:test";
import { fakeCluster, metricsPath, runCommand } from "../test/fake/cli.ts";
import { deployment, pod } from "../test/fake/mesh-objects.ts";

/** A proxy that sends four requests a scrape to api, and one to web. */
function sending(): () => string {
  let scrapes = 0;
  return () => {
    const total = 4 * scrapes++;
    const to = (name: string, count: number): string => {
      const labels = `direction="outbound",dst_namespace="default",dst_service="${name}",dst_deployment="${name}"`;
      return (
        `response_total{${labels},tls="true",classification="success"} ${count}\n` +
        `tcp_open_connections{${labels},peer="dst"} 2\n`
      );
    };
    return to("api", total) + to("web", total / 4);
  };
}

const senders = (): Parameters<typeof runCommand>[1] => ({
  client: fakeCluster(
    [
      ...[deployment("web"), deployment("api"), deployment("idle")],
      ...[pod("web-1", { app: "web" }), pod("api-1", { app: "api", meshed: false })],
      pod("idle-1", { app: "idle" }),
    ],
    {
      [metricsPath("default", "web-1")]: sending(),
      [metricsPath("default", "idle-1")]: "",
    },
  ),
});

test.each([
  ["deploy --to deploy/api", [["web", "1/1", "100.00%", "2.0rps", "2"]]],
  ["deploy --to svc/web", [["web", "1/1", "100.00%", "0.5rps", "2"]]],
  ["deploy --to svc", [["web", "1/1", "100.00%", "2.5rps", "4"]]],
  ["deploy --to deploy/api --to-namespace shop", []],
  [
    "deploy --from deploy/web",
    [
      ["api", "0/1", "100.00%", "2.0rps", "2"],
      ["web", "1/1", "100.00%", "0.5rps", "2"],
    ],
  ],
  ["deploy --from deploy/idle", []],
])("viz stat %s shows what is sent", async (line, rows) => {
  const { out } = await runCommand(["viz", "stat", ...line.split(" ")], senders());
  const cells = out
    .split("\n")
    .slice(1, -1)
    .map((each) => each.split(/ +/));
  expect(cells.map((row) => [0, 1, 2, 3, 7].map((at) => row[at] ?? ""))).toEqual(rows);
});

test("traffic of policies, or to and from at once, is not asked for", async () => {
  const error = async (words: string): Promise<string> =>
    (await runCommand(["viz", "stat", ...words.split(" ")], senders())).err;
  expect(await error("deploy --to svc/web --from deploy/web")).toBe(
    "Cannot use --to and --from together\n",
  );
  expect(await error("server --to svc/web")).toBe('Cannot use --to or --from with "server"\n');
  expect(await error("deploy --from svc/web")).toContain('Cannot use "svc/web"');
  expect(await error("deploy --to-namespace a")).toBe("Cannot use --to-namespace without --to\n");
  expect(await error("deploy --from-namespace a")).toBe(
    "Cannot use --from-namespace without --from\n",
  );
});

/** A proxy that was asked for a name, and asks for another. */
function naming(): () => string {
  let scrapes = 0;
  return () => {
    const total = 4 * scrapes++;
    const line = (labels: string): string =>
      `response_total{${labels},tls="true",classification="success"} ${total}\n`;
    return (
      line('direction="inbound",authority="web.default:80"') +
      line('direction="outbound",authority="api.shop:80",dst_namespace="shop",dst_service="api"') +
      line('direction="outbound",authority="example.com:80"')
    );
  };
}

const namers = (): Parameters<typeof runCommand>[1] => ({
  client: fakeCluster(
    [
      ...["default", "shop", "bare"].map((name) => ({ kind: "Namespace", metadata: { name } })),
      { kind: "Service", metadata: { name: "api", namespace: "shop" } },
      { kind: "Service", metadata: { name: "idle", namespace: "shop" } },
      ...[deployment("web"), pod("web-1", { app: "web" })],
      ...[pod("api-1", { namespace: "shop" }), pod("bare-1", { namespace: "bare", meshed: false })],
    ],
    { [metricsPath("default", "web-1")]: naming(), [metricsPath("shop", "api-1")]: "" },
  ),
});

test.each([
  [
    "ns",
    [
      ["default", "1/1", "100.00%", "2.0rps"],
      ["shop", "1/1", "-", "-"],
    ],
  ],
  ["ns/bare --unmeshed", [["bare", "0/1", "-", "-"]]],
  ["ns/shop -A", [["-", "shop", "1/1", "-"]]],
  ["ns --from deploy/web", [["shop", "1/1", "100.00%", "2.0rps"]]],
  ["ns --to ns/shop", [["default", "1/1", "100.00%", "2.0rps"]]],
  ["deploy --to au/example.com:80", [["web", "1/1", "100.00%", "2.0rps"]]],
  ["svc -n shop", [["api", "-", "100.00%", "2.0rps"]]],
  ["svc -n shop --from ns/default", [["api", "-", "100.00%", "2.0rps"]]],
  ["svc -n shop --from ns/shop", []],
  ["au", [["web.default:80", "-", "100.00%", "2.0rps"]]],
  [
    "au --from deploy/web",
    [
      ["api.shop:80", "-", "100.00%", "2.0rps"],
      ["example.com:80", "-", "100.00%", "2.0rps"],
    ],
  ],
  ["au/example.com:80 --from deploy/web", [["example.com:80", "-", "100.00%", "2.0rps"]]],
  ["au --to svc/api --to-namespace shop", [["api.shop:80", "-", "100.00%", "2.0rps"]]],
  ["au -n shop", []],
  [
    "all",
    [
      ["deployment/web", "1/1", "100.00%", "2.0rps"],
      ["pod/web-1", "1/1", "100.00%", "2.0rps"],
    ],
  ],
])("viz stat %s has its rows", async (line, rows) => {
  const { out } = await runCommand(["viz", "stat", ...line.split(" ")], namers());
  const cells = out
    .split("\n")
    .slice(1, -1)
    .map((each) => each.split(/ +/).slice(0, 4));
  expect(cells).toEqual(rows);
});

test("what cannot be is told: Services that send, labels of authorities", async () => {
  const error = async (words: string): Promise<string> =>
    (await runCommand(["viz", "stat", ...words.split(" ")], namers())).err;
  expect(await error("svc --to deploy/web")).toContain("they send nothing");
  expect(await error("au -l app=web")).toContain("they have no labels");
  expect(await error("ns/none")).toBe("Cannot find namespace/none\n");
});
