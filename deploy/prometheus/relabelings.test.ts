import { expect, test } from "bun:test";
import { CONTROLLERS, NODE_AGENTS, proxyRelabelings, type Relabeling } from "./relabelings.ts";

type Labels = Readonly<Record<string, string>>;

const STEPS: Readonly<
  Record<string, (labels: Labels, step: Relabeling, whole: RegExp) => Labels | undefined>
> = {
  keep: (labels, step, whole) => (whole.test(sourceOf(labels, step)) ? labels : undefined),
  replace: (labels, step) => {
    const source = sourceOf(labels, step);
    return source === "" ? labels : { ...labels, [step.targetLabel ?? ""]: source };
  },
  labelmap: (labels, _, whole) => {
    const mapped = Object.entries(labels).map(([name, value]) => [whole.exec(name)?.[1], value]);
    return { ...labels, ...Object.fromEntries(mapped.filter(([name]) => name !== undefined)) };
  },
  labeldrop: (labels, _, whole) =>
    Object.fromEntries(Object.entries(labels).filter(([name]) => !whole.test(name))),
};

const sourceOf = (labels: Labels, { sourceLabels = [] }: Relabeling): string =>
  sourceLabels.map((name) => labels[name] ?? "").join(";");

/** What Prometheus makes of labels, as far as the steps need it; undefined where the target is not kept. */
function relabel(steps: readonly Relabeling[], labels: Labels): Labels | undefined {
  const last = steps.reduce<Labels | undefined>(
    (now, step) => now && STEPS[step.action]?.(now, step, new RegExp(`^(?:${step.regex})$`)),
    labels,
  );
  return (
    last && Object.fromEntries(Object.entries(last).filter(([name]) => !name.startsWith("__")))
  );
}

const POD = "__meta_kubernetes_pod_";

test("LBL8: proxyRelabelings() gives a proxy Linkerd's labels, and the application's own", () => {
  const found = {
    __meta_kubernetes_namespace: "shop",
    [`${POD}name`]: "web-1",
    [`${POD}container_name`]: "linkerd-proxy",
    [`${POD}container_port_name`]: "linkerd-admin",
    [`${POD}label_linkerd_io_control_plane_ns`]: "linkerd",
    [`${POD}label_linkerd_io_proxy_deployment`]: "web",
    [`${POD}label_linkerd_io_proxy_job`]: "nightly",
    [`${POD}label_linkerd_io_workload_ns`]: "shop",
    [`${POD}label_app`]: "web",
  };
  expect(relabel(proxyRelabelings("linkerd"), found)).toEqual({
    namespace: "shop",
    pod: "web-1",
    deployment: "web",
    k8s_job: "nightly",
    control_plane_ns: "linkerd",
    workload_ns: "shop",
    app: "web",
  });
  expect(relabel(proxyRelabelings("other"), found)).toBeUndefined();
  const app = { ...found, [`${POD}container_name`]: "app" };
  expect(relabel(proxyRelabelings("linkerd"), app)).toBeUndefined();
});

test("CONTROLLERS and NODE_AGENTS keep admin ports only", () => {
  const found = {
    __meta_kubernetes_namespace: "linkerd",
    [`${POD}name`]: "p-1",
    [`${POD}node_name`]: "node-1",
    [`${POD}container_name`]: "destination",
    [`${POD}container_port_name`]: "admin-http",
    [`${POD}label_linkerd_io_control_plane_component`]: "destination",
  };
  const place = { namespace: "linkerd", pod: "p-1" };
  expect(relabel(CONTROLLERS, found)).toEqual({ ...place, component: "destination" });
  const { [`${POD}label_linkerd_io_control_plane_component`]: _, ...unmarked } = found;
  const agent = { ...unmarked, [`${POD}label_k8s_app`]: "linkerd-cni" };
  expect(relabel(NODE_AGENTS, agent)).toEqual({ ...place, node: "node-1" });
  expect(relabel(CONTROLLERS, agent)).toBeUndefined();
  expect(relabel(NODE_AGENTS, found)).toBeUndefined();
  const grpc = { ...found, [`${POD}container_port_name`]: "grpc" };
  expect(relabel(CONTROLLERS, grpc)).toBeUndefined();
});
