import { expect, test } from "bun:test";
import { defaultMetadata } from "../policy/default-policy.ts";
import {
  clientTlsLabels,
  destinationLabels,
  parentLabels,
  policyLabels,
  resourceLabels,
  routeLabels,
  serverLabels,
  serverTlsLabels,
  targetLabels,
} from "./labels.ts";

const endpoint = {
  addr: { ip: "10.0.0.1", port: 80 },
  identity: { name: "web.a", serverName: "web.a" },
  hint: undefined,
  directPort: undefined,
  authority: undefined,
  labels: { pod: "web-1", deployment: "web" },
};

test("LBL1: clientTlsLabels() tells every way a client connects", () => {
  expect(clientTlsLabels({ type: "identity", name: "a" })).toEqual({ tls: "true", client_id: "a" });
  expect(clientTlsLabels({ type: "unauthenticated" })).toEqual({ tls: "true", client_id: "" });
  expect(clientTlsLabels({ type: "none", reason: "loopback" })).toEqual({
    tls: "no_identity",
    no_tls_reason: "loopback",
  });
  expect(clientTlsLabels({ type: "opaque", sni: "x" })).toEqual({ tls: "opaque", sni: "x" });
});

test("LBL1: serverTlsLabels() names the identity or why there is none", () => {
  expect(serverTlsLabels(endpoint, false)).toEqual({ tls: "true", server_id: "web.a" });
  expect(serverTlsLabels(endpoint, true)).toEqual({
    tls: "no_identity",
    no_tls_reason: "loopback",
  });
  expect(serverTlsLabels({ ...endpoint, identity: undefined }, false)).toEqual({
    tls: "no_identity",
    no_tls_reason: "not_provided_by_service_discovery",
  });
});

test("LBL7: a server is the parent of its routes, without namespace and section", () => {
  const labels = { group: "policy.linkerd.io", kind: "server", name: "web" };
  expect({ ...parentLabels(labels, 80), ...policyLabels("route", labels) }).toEqual({
    ...{ parent_group: "policy.linkerd.io", parent_kind: "server", parent_name: "web" },
    parent_port: "80",
    ...{ route_group: "policy.linkerd.io", route_kind: "server", route_name: "web" },
  });
});

test("LBL2, LBL4, LBL5, LBL6: the other label groups have Linkerd's names", () => {
  expect(targetLabels(endpoint.addr)).toEqual({
    target_addr: "10.0.0.1:80",
    target_ip: "10.0.0.1",
    target_port: "80",
  });
  expect(destinationLabels(endpoint)).toEqual({ dst_pod: "web-1", dst_deployment: "web" });
  const labels = { group: "", kind: "default", name: "deny" };
  expect(serverLabels(labels, 80)).toEqual({
    srv_group: "",
    srv_kind: "default",
    srv_name: "deny",
    srv_port: "80",
  });
  expect(policyLabels("authz", labels)).toEqual({
    authz_group: "",
    authz_kind: "default",
    authz_name: "deny",
  });
  expect(resourceLabels("parent", { ...defaultMetadata("x"), port: 80 })).toEqual({
    parent_group: "",
    parent_kind: "default",
    parent_namespace: "",
    parent_name: "x",
    parent_port: "80",
    parent_section_name: "",
  });
  expect(resourceLabels("backend", defaultMetadata("x"))["backend_port"]).toBe("");
  expect(routeLabels(defaultMetadata("http"))).toEqual({
    route_group: "",
    route_kind: "default",
    route_namespace: "",
    route_name: "http",
  });
});
