import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { create, toBinary } from "@bufbuild/protobuf";
import { GetDestinationSchema } from "#lib/api/gen/proxy/destination_pb.ts";
import { CertifyRequestSchema } from "#lib/api/gen/proxy/identity_pb.ts";
import { PortSpecSchema } from "#lib/api/gen/proxy/inbound_pb.ts";
import { TrafficSpecSchema } from "#lib/api/gen/proxy/outbound_pb.ts";
import { workloadKey } from "../../proxy/identity/key.ts";
import {
  certifyProblem,
  getProblem,
  outboundProblem,
  portProblem,
  profileProblem,
} from "./calls.ts";

const TOLD = { localName: "web.test", token: "t", workload: "w", context: "c" };

test("certifyProblem() wants the name, the token and a request for them alone", async () => {
  const ask = (over: object): string | undefined => {
    const whole = { identity: "web.test", token: Buffer.from("t"), ...over };
    return certifyProblem(
      toBinary(CertifyRequestSchema, create(CertifyRequestSchema, whole)),
      TOLD,
    );
  };
  const dir = mkdtempSync(`${tmpdir()}/calls-`);
  try {
    const { csrDer } = await workloadKey(dir, "web.test");
    expect(ask({ certificateSigningRequest: csrDer })).toBeUndefined();
    const other = await workloadKey(`${dir}/other`, "other.test");
    expect(ask({ certificateSigningRequest: other.csrDer })).toBe("common name is other.test");
  } finally {
    rmSync(dir, { recursive: true });
  }
  expect(ask({ identity: "other" })).toBe("identity is other");
  expect(ask({ token: Buffer.from("x") })).toContain("token");
  expect(ask({ certificateSigningRequest: Buffer.from("junk") })).toContain("PKCS#10");
});

test("getProblem() and profileProblem() want a path of their kind, and the token", () => {
  const of = (path: string, contextToken: string): Uint8Array =>
    toBinary(GetDestinationSchema, create(GetDestinationSchema, { path, contextToken }));
  expect(getProblem(of("web.ns.svc.cluster.local:80", "c"), TOLD)).toBeUndefined();
  expect(getProblem(of("10.0.0.1:80", "c"), TOLD)).toContain("path");
  expect(getProblem(of("web.ns.svc.cluster.local:80", ""), TOLD)).toContain("context_token");
  expect(profileProblem(of("10.0.0.1:80", "c"), TOLD)).toBeUndefined();
  expect(profileProblem(of("[fd00::1]:80", "c"), TOLD)).toBeUndefined();
  expect(profileProblem(of("10.0.0.1", "c"), TOLD)).toContain("path");
  expect(profileProblem(of("10.0.0.1:80", ""), TOLD)).toContain("context_token");
});

test("outboundProblem() and portProblem() want the workload and a target", () => {
  const spec = (over: Parameters<typeof create<typeof TrafficSpecSchema>>[1]): Uint8Array =>
    toBinary(TrafficSpecSchema, create(TrafficSpecSchema, over));
  const addr = { ip: { ip: { case: "ipv4" as const, value: 1 } }, port: 80 };
  const target = { case: "addr" as const, value: addr };
  expect(outboundProblem(spec({ sourceWorkload: "w", target }), TOLD)).toBeUndefined();
  expect(outboundProblem(spec({ target }), TOLD)).toContain("source_workload");
  expect(outboundProblem(spec({ sourceWorkload: "w" }), TOLD)).toContain("target");
  const portless = { case: "addr" as const, value: { ...addr, port: 0 } };
  expect(outboundProblem(spec({ sourceWorkload: "w", target: portless }), TOLD)).toContain("port");
  const port = (workload: string, number: number): string | undefined =>
    portProblem(toBinary(PortSpecSchema, create(PortSpecSchema, { workload, port: number })), TOLD);
  expect([port("w", 80), port("x", 80), port("w", 0)]).toEqual([
    undefined,
    "workload is x",
    "port is 0",
  ]);
});
