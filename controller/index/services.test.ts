import { expect, test } from "bun:test";
import { NO_TRAFFIC } from "../../test/fake/outbound-world.ts";
import { toServiceView } from "./services.ts";

test("toServiceView() reads addresses, ports and opaque ports", () => {
  const service = {
    metadata: { name: "web", namespace: "shop" },
    spec: {
      clusterIP: "10.96.0.1",
      ports: [{ name: "web", port: 80, appProtocol: "http" }, { port: 81 }],
    },
  };
  const namespace = { metadata: { annotations: { "config.linkerd.io/opaque-ports": "81" } } };
  expect(toServiceView(service, { namespace, opaquePorts: "25" })).toEqual({
    name: "web",
    namespace: "shop",
    clusterIps: ["10.96.0.1"],
    external: false,
    ports: new Map([
      [80, "http"],
      [81, undefined],
    ]),
    portNames: new Map([["web", 80]]),
    opaque: [{ from: 81, to: 81 }],
    traffic: NO_TRAFFIC,
  });
  const headless = toServiceView(
    { spec: { clusterIP: "None", type: "ExternalName" } },
    { namespace: undefined, opaquePorts: "25" },
  );
  expect(headless).toMatchObject({
    clusterIps: [],
    external: true,
    opaque: [{ from: 25, to: 25 }],
  });
});

test("OUT2: toServiceView() takes the protocol of a port that TCP and UDP share from that of TCP", () => {
  const ports = (order: (ports: object[]) => object[]) =>
    toServiceView(
      {
        spec: {
          ports: order([
            { name: "web", port: 443, protocol: "TCP", appProtocol: "kubernetes.io/h2c" },
            { name: "quic", port: 443, protocol: "UDP" },
          ]) as [],
        },
      },
      { namespace: undefined, opaquePorts: "" },
    ).ports;
  const known = new Map([[443, "kubernetes.io/h2c"]]);
  expect(ports((all) => all)).toEqual(known);
  expect(ports((all) => all.toReversed())).toEqual(known);
});

test("toServiceView() has addresses in one form, as they are asked for", () => {
  const spec = { clusterIP: "FD00:0::A", clusterIPs: ["FD00:0::A", "10.96.0.1"] };
  const view = toServiceView({ spec }, { namespace: undefined, opaquePorts: "" });
  expect(view.clusterIps).toEqual(["fd00::a", "10.96.0.1"]);
});
