/** The InboundServerPolicies API: who may connect to a port (proxy-api.md; INB1 to INB9). */

import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  type AuthnSchema,
  type AuthzSchema,
  type HttpRouteSchema,
  PortSpecSchema,
  type ServerSchema as Schema,
  ServerSchema,
} from "#lib/api/gen/proxy/inbound_pb.ts";
import { frameMessage } from "#lib/grpc/framing.ts";
import { readMessage } from "#lib/grpc/message.ts";
import type { CallHandler, ServerCall } from "#lib/grpc/server.ts";
import { GrpcCode, GrpcError } from "#lib/grpc/status.ts";
import type { Catalog } from "../core/catalog.ts";
import { type PolicyDefaults, type PortPolicy, portPolicy } from "../core/inbound-policy.ts";
import { duration, fromNetworks, madeUp } from "./convert.ts";
import { SharedAnswers } from "./shared-answers.ts";

const SERVICE = "/io.linkerd.proxy.inbound.InboundServerPolicies/";
const DETECT_TIMEOUT_MS = 10_000;

/** Handles `GetPort` and `WatchPort`. */
export function inboundHandlers(
  catalog: Catalog,
  defaults: PolicyDefaults,
): ReadonlyMap<string, CallHandler> {
  const shared = new SharedAnswers(catalog);
  const encode = (pod: PodName, port: number): Uint8Array => {
    const workload = catalog.workload(pod);
    // A pod that is not known, or not any more, is allowed nothing new: nobody is.
    const server = workload === undefined ? NOBODY : serverOf(portPolicy(workload, port, defaults));
    return frameMessage(toBinary(ServerSchema, create(ServerSchema, server)));
  };
  const read = (call: ServerCall): { pod: PodName; port: number } => {
    const { workload, port } = readMessage(PortSpecSchema, call.request);
    const pod = readWorkload(workload);
    if (pod === undefined) throw new GrpcError(GrpcCode.INVALID_ARGUMENT, "workload is malformed");
    if (port === 0 || port > 0xffff)
      throw new GrpcError(GrpcCode.INVALID_ARGUMENT, `port must be 1 to 65535: ${port}`);
    if (catalog.workload(pod) === undefined)
      throw new GrpcError(GrpcCode.NOT_FOUND, `no pod ${pod.namespace}/${pod.name}`);
    return { pod, port };
  };
  return new Map<string, CallHandler>([
    [
      `${SERVICE}GetPort`,
      (call) => {
        const { pod, port } = read(call);
        call.send(encode(pod, port));
        call.end(GrpcCode.OK, "");
      },
    ],
    [
      `${SERVICE}WatchPort`,
      (call) => {
        const { pod, port } = read(call);
        const name = `${pod.namespace}/${pod.name}` as const;
        const id = `${name}/${port}`;
        shared.watch(call, { id, key: `pod/${name}`, encode: () => encode(pod, port) });
      },
    ],
  ]);
}

type PodName = { readonly namespace: string; readonly name: string };

/** INB1: JSON `{"ns","pod"}`, or `ns:pod`. */
export function readWorkload(token: string): PodName | undefined {
  const [, namespace, name] = /^([^:{}\s]+):([^:{}\s]+)$/.exec(token.trim()) ?? [];
  if (namespace !== undefined && name !== undefined) return { namespace, name };
  try {
    const { ns, pod } = JSON.parse(token) as { ns?: unknown; pod?: unknown };
    return typeof ns === "string" && typeof pod === "string"
      ? { namespace: ns, name: pod }
      : undefined;
  } catch {
    return undefined;
  }
}

type Server = MessageInitShape<typeof Schema>;
type Authz = MessageInitShape<typeof AuthzSchema>;

const NOBODY: Server = {
  protocol: { kind: { case: "detect", value: { timeout: duration(DETECT_TIMEOUT_MS) } } },
  labels: { group: "", kind: "default", name: "deny" },
};

function serverOf(policy: PortPolicy): Server {
  const labels = { group: "", kind: "default", name: policy.name };
  const authorizations = policy.permissions.map(authorizationOf);
  const timeout = duration(DETECT_TIMEOUT_MS);
  const httpRoutes = routesOf(policy, authorizations);
  if (policy.protocol === "opaque")
    return { protocol: { kind: { case: "opaque", value: {} } }, labels, authorizations };
  const detect = { timeout, httpRoutes };
  return { protocol: { kind: { case: "detect", value: detect } }, labels, authorizations };
}

function authorizationOf({
  name,
  networks,
  authenticated,
}: PortPolicy["permissions"][number]): Authz {
  const anyIdentity = { case: "identities" as const, value: { suffixes: [{ parts: [] }] } };
  const authentication: MessageInitShape<typeof AuthnSchema> = {
    permit: authenticated
      ? { case: "meshTLS", value: { clients: anyIdentity } }
      : { case: "unauthenticated", value: {} },
  };
  return {
    networks: fromNetworks(networks),
    authentication,
    labels: { group: "", kind: "default", name },
    metadata: madeUp(name),
  };
}

/** INB9: probes pass from the networks of kubelets, whatever else is allowed; all else goes by the policy. */
function routesOf(
  { probePaths, probeNetworks }: PortPolicy,
  authorizations: readonly Authz[],
): MessageInitShape<typeof HttpRouteSchema>[] {
  const rest = {
    metadata: madeUp("default"),
    authorizations: [...authorizations],
    rules: [{ matches: [{ path: { kind: { case: "prefix" as const, value: "/" } } }] }],
  };
  if (probePaths.length === 0 || probeNetworks.length === 0) return [rest];
  const matches = probePaths.map((path) => ({
    path: { kind: { case: "exact" as const, value: path.split("?")[0] ?? path } },
    method: { type: { case: "registered" as const, value: 0 } },
  }));
  const permission = { name: "probe", networks: probeNetworks, authenticated: false };
  const probe = {
    metadata: madeUp("probe"),
    authorizations: [authorizationOf(permission)],
    rules: [{ matches }],
  };
  return [probe, rest];
}
