import { expect, test } from "bun:test";
import {
  CAPTURE_PROBE,
  CAPTURE_PROBE_IPV6,
  captureProbes,
  isCaptureProbe,
} from "./capture-probe.ts";

test("P59: a pod without IPv4 tries the probe of IPv6 as well", () => {
  const probes = (...ips: string[]): unknown => captureProbes(new Set(ips));
  expect(probes("fd00::2")).toEqual([CAPTURE_PROBE, CAPTURE_PROBE_IPV6]);
  for (const ips of [[], ["10.0.0.2"], ["10.0.0.2", "fd00::2"]])
    expect(probes(...ips)).toEqual([CAPTURE_PROBE]);
});

test("isCaptureProbe() goes by address and port", () => {
  const asked = [
    ...[CAPTURE_PROBE, CAPTURE_PROBE_IPV6, { ip: "192.0.2.1", port: 4143 }],
    ...[{ ip: "10.0.0.1", port: 4140 }],
  ];
  expect(asked.map(isCaptureProbe)).toEqual([true, true, false, false]);
});
