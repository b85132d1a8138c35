import { expect, test } from "bun:test";
import { MarkReader } from "./mark-reader.ts";
import { SETTING_NAMES, tellWithoutEffect } from "./without-effect.ts";

function told(pod: Record<string, string>): readonly string[] {
  const reader = new MarkReader({ pod, namespace: undefined });
  tellWithoutEffect(reader, { pod, namespace: undefined });
  return reader.warnings;
}

test("a setting without effect is told, with the reason; not where it asks for nothing", () => {
  expect(told({ "config.linkerd.io/enable-debug-sidecar": "true" })).toEqual([
    "annotation config.linkerd.io/enable-debug-sidecar has no effect: kubectl debug adds a container to a running pod",
  ]);
  expect(told({ "config.linkerd.io/enable-debug-sidecar": "false" })).toEqual([]);
});

test.each([
  ["config.linkerd.io/pod-inbound-ports", "8080"],
  ["config.linkerd.io/proxy-cpu-ratio-limit", "0.5"],
  ["config.linkerd.io/proxy-log-http-headers", "insecure"],
  ["config.linkerd.io/close-wait-timeout", "10s"],
  ["config.linkerd.io/enable-gateway", "true"],
  ["config.linkerd.io/enable-external-profiles", "true"],
])("%s: %s has no effect, which is told with its reason", (name, value) => {
  expect(told({ [name]: value })).toEqual([
    expect.stringContaining(`annotation ${name} has no effect: `),
  ]);
});

test("a name that nobody knows is told", () => {
  expect(told({ "config.linkerd.io/skip-inbound-port": "1", "example.com/x": "1" })).toEqual([
    "annotation config.linkerd.io/skip-inbound-port is not known",
  ]);
  expect(new Set(SETTING_NAMES).size).toBe(SETTING_NAMES.length);
});
