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
  expect(told({ "config.linkerd.io/proxy-log-http-headers": "insecure" })).toHaveLength(1);
});

test("a name that nobody knows is told", () => {
  expect(told({ "config.linkerd.io/skip-inbound-port": "1", "example.com/x": "1" })).toEqual([
    "annotation config.linkerd.io/skip-inbound-port is not known",
  ]);
  expect(new Set(SETTING_NAMES).size).toBe(SETTING_NAMES.length);
});
