import { afterAll, beforeAll, expect, test } from "bun:test";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import { FakeKubeApi } from "../../../test/fake/kube-api.ts";
import { CHANNELS, GATEWAY_API_VERSION } from "./distil.ts";
import { renderGatewayApi } from "./render.ts";

let fake: FakeKubeApi;
beforeAll(async () => {
  fake = await FakeKubeApi.start();
});
afterAll(() => fake.stop());

async function post(path: string, body: object): Promise<string> {
  const response = await fake.ask(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const { message = "" } = (await response.json()) as { message?: string };
  return `${response.status} ${message}`;
}

const DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const route = (kind: string, version: string) => (spec: object) => {
  const group = "gateway.networking.k8s.io";
  return post(`/apis/${group}/${version}/namespaces/mesh/${kind.toLowerCase()}s`, {
    apiVersion: `${group}/${version}`,
    kind,
    metadata: { generateName: "r-" },
    spec,
  });
};

test.each(CHANNELS)("the %s channel is of the release that is named, without prose", (channel) => {
  for (const { metadata } of renderGatewayApi(channel))
    expect(metadata?.annotations).toMatchObject({
      "gateway.networking.k8s.io/bundle-version": `v${GATEWAY_API_VERSION}`,
      "gateway.networking.k8s.io/channel": channel,
    });
  // `kubectl apply` keeps what it applied in an annotation, of at most this many bytes.
  for (const object of renderGatewayApi(channel))
    expect(JSON.stringify(object).length).toBeLessThan(262_144);
});

test("the standard channel has routes of HTTP and gRPC; the experimental one TCP's too", () => {
  const names = (all: readonly KubeObject[]): string[] =>
    all.map(({ metadata }) => metadata?.name?.split(".")[0] ?? "");
  expect(names(renderGatewayApi("standard"))).toEqual([
    "backendtlspolicies",
    "gatewayclasses",
    "gateways",
    "grpcroutes",
    "httproutes",
    "listenersets",
    "referencegrants",
    "tlsroutes",
  ]);
  expect(names(renderGatewayApi("experimental"))).toContain("tcproutes");
});

test("G15: dev mode's API serves the experimental channel, and refuses routes that its schemas refuse", async () => {
  for (const definition of renderGatewayApi("experimental"))
    expect(await post(DEFINITIONS, definition)).toStartWith("201");
  const http = route("HTTPRoute", "v1");
  const backendRefs = [{ name: "web", port: 80, weight: 1 }];
  expect(await http({ rules: [{ backendRefs }] })).toStartWith("201");
  expect(await route("TCPRoute", "v1alpha2")({ rules: [{ backendRefs }] })).toStartWith("201");
  for (const [refused, spec] of [
    ["method", { rules: [{ matches: [{ method: "get" }] }] }],
    ["port", { rules: [{ backendRefs: [{ name: "web", port: 70_000 }] }] }],
    ["weight", { rules: [{ backendRefs: [{ name: "web", port: 80, weight: -1 }] }] }],
    ["timeouts", { rules: [{ timeouts: { request: "soon" } }] }],
    ["rules", { rules: Array.from({ length: 10_000 }, () => ({})) }],
  ] as const) {
    const answer = await http(spec);
    expect([refused, answer.slice(0, 3), answer.includes(refused)]).toEqual([refused, "422", true]);
  }
});
