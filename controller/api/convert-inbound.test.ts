import { expect, test } from "bun:test";
import { create } from "@bufbuild/protobuf";
import { ServerSchema } from "#lib/api/gen/proxy/inbound_pb.ts";
import type { Authorization } from "../core/authorization.ts";
import type { PortPolicy } from "../core/inbound-policy.ts";
import { fromPortPolicy, NOBODY } from "./convert-inbound.ts";

const policy = (over: Partial<PortPolicy> = {}): PortPolicy => ({
  protocol: "detect",
  ref: { type: "default", name: "deny" },
  ...{ authorizations: [], httpRoutes: [], grpcRoutes: [], rateLimit: undefined },
  ...over,
});
const write = (over: Partial<PortPolicy>) => create(ServerSchema, fromPortPolicy(policy(over)));

test("fromPortPolicy() leaves out a network or an authorization that cannot be written", () => {
  const authorization = (networks: Authorization["networks"]): Authorization => ({
    ref: { type: "default", name: "x" },
    networks,
    authentication: { type: "tls" },
  });
  const { authorizations } = write({
    authorizations: [
      authorization([{ cidr: "10.0.0.0/8", except: ["10.0.0.x"] }]),
      authorization([]),
      authorization([
        { cidr: "10.x", except: [] },
        { cidr: "10.0.0.0/8", except: [] },
      ]),
    ],
  });
  expect(authorizations.map(({ networks }) => networks.length)).toEqual([1]);
  expect(authorizations[0]?.authentication?.permit.value).toMatchObject({
    clients: { case: "unauthenticated" },
  });
});

test("fromPortPolicy() detects for 10 s, and gives a default route where there is none", () => {
  const { kind } = write({}).protocol ?? {};
  expect(kind).toMatchObject({
    case: "detect",
    value: { timeout: { seconds: 10n }, httpRoutes: [{ rules: [{ matches: [{}] }] }] },
  });
  expect(write({ protocol: "opaque" }).protocol?.kind.case).toBe("opaque");
});

test("fromPortPolicy() refuses calls that a rule would redirect", () => {
  const redirect = {
    ...{ scheme: undefined, host: undefined, path: undefined, port: undefined, status: 302 },
  };
  const filters = [{ type: "redirect" as const, redirect }];
  const route = {
    ...{ ref: { type: "default" as const, name: "r" }, hosts: [], authorizations: [] },
    rules: [{ matches: [], filters }],
  };
  const { kind } = write({ protocol: "grpc", grpcRoutes: [route] }).protocol ?? {};
  const [written] = kind?.case === "grpc" ? kind.value.routes : [];
  expect(written?.rules[0]?.filters[0]?.kind.case).toBe("failureInjector");
});

test("J2: NOBODY allows nobody", () => {
  expect(create(ServerSchema, NOBODY)).toMatchObject({
    authorizations: [],
    labels: { name: "deny" },
  });
});
