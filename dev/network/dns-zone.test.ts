import { expect, test } from "bun:test";
import type { Service } from "#lib/k8s/types/core.ts";
import type { EndpointSlice } from "#lib/k8s/types/discovery.ts";
import { DNS_CODE, DNS_TYPE } from "./dns-message.ts";
import { resolve, type ZoneSource } from "./dns-zone.ts";

const SERVICES: Readonly<Record<string, Service>> = {
  "a/web": { spec: { clusterIP: "10.96.0.9", ports: [{ name: "http", port: 80 }] } },
  "a/both": { spec: { clusterIP: "10.96.0.8", clusterIPs: ["10.96.0.8", "fd01::8"] } },
  "a/dst": { spec: { clusterIP: "None", ports: [{ name: "grpc", port: 8086 }] } },
};

const SLICES: EndpointSlice[] = [
  {
    addressType: "IPv4",
    ports: [{ name: "grpc", port: 9086 }],
    endpoints: [
      { addresses: ["10.1.0.5"] },
      { addresses: ["10.1.0.6"], conditions: { ready: false } },
    ],
  },
  {
    addressType: "IPv6",
    ports: [{ name: "grpc", port: 9086 }],
    endpoints: [{ addresses: ["fd00::5"] }, { addresses: ["fd00:0:0:1::"] }],
  },
];

const zone: ZoneSource = {
  domain: "cluster.local",
  service: ({ name, namespace }) => SERVICES[`${namespace}/${name}`],
  slices: ({ name }) => (name === "dst" ? SLICES : []),
};

const ask = (name: string, type: number = DNS_TYPE.A): unknown => {
  const answer = resolve(zone, { name, type });
  if (answer === "elsewhere") return answer;
  return answer.code === DNS_CODE.ok
    ? answer.records.map((record) =>
        record.type !== "SRV" ? record.ip : `${record.port} ${record.target}`,
      )
    : answer.code;
};

test.each([
  ["web.a.svc.cluster.local", ["10.96.0.9"]],
  ["dst.a.svc.cluster.local", ["10.1.0.5"]],
  ["10-1-0-5.dst.a.svc.cluster.local", ["10.1.0.5"]],
  ["10-1-0-7.dst.a.svc.cluster.local", DNS_CODE.noSuchName],
  ["none.a.svc.cluster.local", DNS_CODE.noSuchName],
  ["a.svc.cluster.local", DNS_CODE.noSuchName],
  ["web.cluster.local", DNS_CODE.noSuchName],
  ["example.org", "elsewhere"],
])("resolve() %s", (name, expected) => {
  expect(ask(name)).toEqual(expected);
});

test("resolve() answers SRV for Services and for the pods of headless ones", () => {
  expect(ask("_http._tcp.web.a.svc.cluster.local", DNS_TYPE.SRV)).toEqual([
    "80 web.a.svc.cluster.local",
  ]);
  expect(ask("_grpc._tcp.dst.a.svc.cluster.local", DNS_TYPE.SRV)).toEqual([
    "9086 10-1-0-5.dst.a.svc.cluster.local",
    "9086 fd00--5.dst.a.svc.cluster.local",
    "9086 fd00-0-0-1--0.dst.a.svc.cluster.local",
  ]);
  expect(ask("_no._tcp.dst.a.svc.cluster.local", DNS_TYPE.SRV)).toBe(DNS_CODE.noSuchName);
});

test.each([
  ["web.a", []],
  ["both.a", ["fd01::8"]],
  ["dst.a", ["fd00::5", "fd00:0:0:1::"]],
  ["fd00--5.dst.a", ["fd00::5"]],
  ["fd00-0-0-1--0.dst.a", ["fd00:0:0:1::"]],
  ["10-1-0-5.dst.a", []],
  ["fd00--6.dst.a", DNS_CODE.noSuchName],
])(
  "resolve() %s over IPv6; a name that has none of that family exists all the same",
  (name, expected) => {
    expect(ask(`${name}.svc.cluster.local`, DNS_TYPE.AAAA)).toEqual(expected);
  },
);
