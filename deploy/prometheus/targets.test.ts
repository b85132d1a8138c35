import { expect, test } from "bun:test";
import { targetsOf } from "./targets.ts";

test("targetsOf() has every port with the labels of Prometheus' own discovery", () => {
  const found = targetsOf([
    {
      metadata: {
        name: "web-1",
        namespace: "shop",
        labels: { "linkerd.io/control-plane-ns": "l" },
      },
      spec: {
        nodeName: "node-1",
        containers: [{ name: "app", ports: [{ name: "http", containerPort: 80 }] }],
        initContainers: [{ name: "linkerd-proxy", ports: [{ containerPort: 4191 }] }],
      },
      status: { phase: "Running", podIP: "fd00::7" },
    },
    { metadata: { name: "waiting" }, spec: { containers: [{ name: "app" }] } },
  ]);
  expect(found).toEqual([
    {
      targets: ["[fd00::7]:80"],
      labels: {
        __meta_kubernetes_namespace: "shop",
        __meta_kubernetes_pod_name: "web-1",
        __meta_kubernetes_pod_ip: "fd00::7",
        __meta_kubernetes_pod_node_name: "node-1",
        __meta_kubernetes_pod_phase: "Running",
        __meta_kubernetes_pod_label_linkerd_io_control_plane_ns: "l",
        __meta_kubernetes_pod_container_name: "app",
        __meta_kubernetes_pod_container_init: "false",
        __meta_kubernetes_pod_container_port_name: "http",
        __meta_kubernetes_pod_container_port_number: "80",
      },
    },
    expect.objectContaining({ targets: ["[fd00::7]:4191"] }),
  ]);
  expect(found[1]?.labels["__meta_kubernetes_pod_container_init"]).toBe("true");
});
