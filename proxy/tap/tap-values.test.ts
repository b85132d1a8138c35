import { expect, test } from "bun:test";
import { create } from "@bufbuild/protobuf";
import { IPAddressSchema } from "#lib/api/gen/proxy/net_pb.ts";
import { HeaderList } from "#lib/http/headers.ts";
import {
  ipOf,
  tapTls,
  toDuration,
  toHeaders,
  toMethod,
  toScheme,
  toTcpAddress,
} from "./tap-values.ts";

test.each(["10.1.2.3", "fd00::1:2"])("toTcpAddress() and ipOf() are inverse for %s", (ip) => {
  const { ip: message, port } = toTcpAddress({ ip, port: 80 });
  expect([ipOf(create(IPAddressSchema, message)), port]).toEqual([ip, 80]);
});

test("methods and schemes have numbers where they are known", () => {
  expect(toMethod("POST")).toEqual({ type: { case: "registered", value: 1 } });
  expect(toMethod("PURGE")).toEqual({ type: { case: "unregistered", value: "PURGE" } });
  expect(toScheme("https")).toEqual({ scheme: { type: { case: "registered", value: 1 } } });
  expect(toScheme("ws")).toEqual({ scheme: { type: { case: "unregistered", value: "ws" } } });
  expect(toScheme("")).toEqual({});
});

test("K8: toHeaders() keeps every byte of a value", () => {
  const { headers } = toHeaders(HeaderList.of(["x", "a\u001b[31m\u00ff"]), [[":path", "/"]]);
  expect(
    headers?.map(({ name, value }) => [name, Buffer.from(value ?? []).toString("hex")]),
  ).toEqual([
    [":path", "2f"],
    ["x", "611b5b33316dff"],
  ]);
});

test("toDuration() tells seconds and nanoseconds apart", () => {
  expect(toDuration(1500.25)).toEqual({ seconds: 1n, nanos: 500_250_000 });
  expect(toDuration(0)).toEqual({ seconds: 0n, nanos: 0 });
  // As differences of a clock are: a duration of 10^9 nanoseconds and more is none.
  expect(toDuration(999.9999999999999)).toEqual({ seconds: 1n, nanos: 0 });
});

test("tapTls() says why there is none in the same label", () => {
  expect(tapTls({ tls: "no_identity", no_tls_reason: "loopback" })).toEqual({ tls: "loopback" });
  expect(tapTls({ tls: "true", client_id: "a" })).toEqual({ tls: "true", client_id: "a" });
});
