import { expect, test } from "bun:test";
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { GetDestinationSchema, UpdateSchema } from "#lib/api/gen/proxy/destination_pb.ts";
import { ServerSchema } from "#lib/api/gen/proxy/inbound_pb.ts";
import { OutboundPolicySchema } from "#lib/api/gen/proxy/outbound_pb.ts";
import { decode } from "#lib/api/wire/decode.ts";
import { Update } from "#lib/api/wire/gen/destination.ts";
import { Server } from "#lib/api/wire/gen/inbound.ts";
import { OutboundPolicy } from "#lib/api/wire/gen/outbound.ts";
import { readMessage } from "#lib/grpc/message.ts";
import { toEndpointUpdate } from "../../proxy/control/convert.ts";
import { toServerPolicy } from "../../proxy/control/convert-inbound.ts";
import { toClientPolicy } from "../../proxy/control/convert-outbound.ts";
import { authorize } from "../../proxy/policy/authorization.ts";

/** Fields that no version has yet: a number, a text, and a message within a message. */
const UNKNOWN = Buffer.from("c0b2042acab20403616263d2b204040a027879", "hex");
const later = (bytes: Uint8Array): Uint8Array => Buffer.concat([bytes, UNKNOWN]);

const LABELS = { group: "", kind: "default", name: "x" };
const server = (over: MessageInitShape<typeof ServerSchema>): Uint8Array =>
  toBinary(ServerSchema, create(ServerSchema, over));
const ANY_NETWORK = [{ net: { ip: { ip: { case: "ipv4" as const, value: 0 } }, prefixLen: 0 } }];
const identities = (name: string) => ({
  networks: ANY_NETWORK,
  labels: LABELS,
  authentication: {
    permit: {
      case: "meshTLS" as const,
      value: { clients: { case: "identities" as const, value: { identities: [{ name }] } } },
    },
  },
});
const timeout = { seconds: 10n, nanos: 0 };
const detect = { kind: { case: "detect" as const, value: { timeout } } };
const caller = (name: string) => ({ ip: "192.0.2.1", tls: { type: "identity" as const, name } });

test("F18: fields that a newer side sends change nothing of what an older one reads", () => {
  const policy = server({
    protocol: detect,
    labels: LABELS,
    authorizations: [identities("web.shop")],
  });
  const read = toServerPolicy(decode(Server, later(policy)));
  expect(read).toEqual(toServerPolicy(decode(Server, policy)));
  expect(authorize(read, caller("web.shop"))).toBeDefined();
  expect(authorize(read, caller("other.shop"))).toBeUndefined();
  const outbound = toBinary(
    OutboundPolicySchema,
    create(OutboundPolicySchema, { protocol: { kind: { case: "opaque", value: {} } } }),
  );
  expect(toClientPolicy(decode(OutboundPolicy, later(outbound)))).toEqual(
    toClientPolicy(decode(OutboundPolicy, outbound)),
  );
  const update = toBinary(
    UpdateSchema,
    create(UpdateSchema, { update: { case: "noEndpoints", value: { exists: true } } }),
  );
  expect(toEndpointUpdate(decode(Update, later(update)))).toEqual({
    type: "no-endpoints",
    exists: true,
  });
});

test("F18: fields that a newer proxy asks with are not looked at", () => {
  const path = "web.shop.svc.cluster.local:80";
  const asked = toBinary(GetDestinationSchema, create(GetDestinationSchema, { path }));
  expect(readMessage(GetDestinationSchema, later(asked)).path).toBe(path);
  expect(fromBinary(GetDestinationSchema, later(asked)).path).toBe(path);
});

test.each([
  [
    "an authorization of a kind that is not known",
    { networks: ANY_NETWORK, labels: LABELS, authentication: {} },
  ],
  [
    "clients of a kind that is not known",
    {
      networks: ANY_NETWORK,
      labels: LABELS,
      authentication: { permit: { case: "meshTLS" as const, value: {} } },
    },
  ],
  ["an authorization without networks", { ...identities("web.shop"), networks: [] }],
  ["no authentication at all", { networks: ANY_NETWORK, labels: LABELS }],
])("F18: %s allows nobody", (_, authorization) => {
  const policy = toServerPolicy(
    decode(
      Server,
      later(server({ protocol: detect, labels: LABELS, authorizations: [authorization] })),
    ),
  );
  expect(authorize(policy, caller("web.shop"))).toBeUndefined();
});

test("F18: a protocol of a kind that is not known is none that anybody may speak", () => {
  const policy = toServerPolicy(
    decode(Server, later(server({ labels: LABELS, authorizations: [identities("web.shop")] }))),
  );
  expect(authorize(policy, caller("web.shop"))).toBeUndefined();
});

test.each([
  ["a back-reference", "(a)\\1"],
  ["look-ahead", "(?=a)a"],
  ["no end", "a".repeat(10_000)],
])(
  "G16: a policy with a pattern that cannot be matched in bounded time, as it has %s, is refused",
  (_, value) => {
    const read = (pattern: string): string => {
      const matches = [{ path: { kind: { case: "regex" as const, value: pattern } } }];
      const metadata = { kind: { case: "default" as const, value: "web" } };
      const backends = { kind: { case: "empty" as const, value: {} } };
      const routes = [{ metadata, rules: [{ matches, backends }] }];
      const policy = toBinary(
        OutboundPolicySchema,
        create(OutboundPolicySchema, {
          metadata,
          protocol: { kind: { case: "http1", value: { routes } } },
        }),
      );
      return toClientPolicy(decode(OutboundPolicy, policy)).protocol.type;
    };
    expect([read(value), read("/r.*")]).toEqual(["invalid", "http1"]);
  },
);
