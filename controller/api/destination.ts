/** The Destination API: endpoints and profiles (DST1 to DST10, DST15, DST17). */

import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { parseSocketAddr, type SocketAddr } from "#lib/addr/socket-addr.ts";
import {
  DestinationProfileSchema,
  GetDestinationSchema,
} from "#lib/api/gen/proxy/destination_pb.ts";
import { frameMessage } from "#lib/grpc/framing.ts";
import { readMessage } from "#lib/grpc/message.ts";
import type { CallHandler, ServerCall } from "#lib/grpc/server.ts";
import { GrpcCode, GrpcError } from "#lib/grpc/status.ts";
import type { Catalog } from "../core/catalog.ts";
import { type EndpointOptions, endpointOf } from "../core/endpoint.ts";
import type { ServiceView } from "../core/outbound-policy.ts";
import { parseServicePath, type ServicePath } from "../core/service-path.ts";
import { holds } from "../core/workload.ts";
import { duration } from "./convert.ts";
import { EndpointSets, fromEndpoint } from "./endpoint-sets.ts";
import { SharedAnswers } from "./shared-answers.ts";

const SERVICE = "/io.linkerd.proxy.destination.Destination/";

/** What the API is set up with. */
export type DestinationOptions = EndpointOptions & { readonly clusterDomain: string };

type Profile = MessageInitShape<typeof DestinationProfileSchema>;

/** Handles `Get` and `GetProfile`. */
export function destinationHandlers(
  catalog: Catalog,
  options: DestinationOptions,
): ReadonlyMap<string, CallHandler> {
  const sets = new EndpointSets(catalog);
  const shared = new SharedAnswers(catalog);
  return new Map<string, CallHandler>([
    [
      `${SERVICE}Get`,
      (call) => {
        const { path, contextToken } = readMessage(GetDestinationSchema, call.request);
        const target = parseServicePath(path, { ...options, trailingDot: false });
        if (target === undefined) throw invalid(path);
        const service = catalog.service(target);
        if (service === undefined)
          throw new GrpcError(GrpcCode.NOT_FOUND, `no Service ${target.namespace}/${target.name}`);
        if (service.external) throw invalid(path);
        sets.watch(call, { ...target, node: nodeOf(contextToken) });
      },
    ],
    [`${SERVICE}GetProfile`, (call) => getProfile(call, { catalog, shared, options })],
  ]);
}

const invalid = (path: string): GrpcError =>
  new GrpcError(GrpcCode.INVALID_ARGUMENT, `path is no Service of this cluster: ${path}`);

/** DST17: the client's node; anything but the JSON form says nothing about it. */
function nodeOf(token: string): string {
  try {
    const { nodeName } = JSON.parse(token) as { nodeName?: unknown };
    return typeof nodeName === "string" ? nodeName : "";
  } catch {
    return "";
  }
}

function getProfile(
  call: ServerCall,
  from: {
    readonly catalog: Catalog;
    readonly shared: SharedAnswers;
    readonly options: DestinationOptions;
  },
): void {
  const { catalog, shared, options } = from;
  const { path } = readMessage(GetDestinationSchema, call.request);
  const encode = (profile: Profile): Uint8Array =>
    frameMessage(toBinary(DestinationProfileSchema, create(DestinationProfileSchema, profile)));
  const addr = parseSocketAddr(path);
  if (addr !== undefined) {
    const answer = (): Uint8Array => encode(profileAt(addr, from));
    shared.watch(call, { id: path, key: `ip/${addr.ip}`, encode: answer });
    return;
  }
  const target = parseServicePath(path, { ...options, trailingDot: true });
  if (target === undefined) throw invalid(path);
  const service = (): Profile => {
    const found = catalog.service(target);
    return found === undefined ? {} : profileOf(found, target, options);
  };
  if (catalog.service(target) === undefined)
    throw new GrpcError(GrpcCode.NOT_FOUND, `no Service ${target.namespace}/${target.name}`);
  const key = `service/${target.namespace}/${target.name}` as const;
  shared.watch(call, { id: path, key, encode: () => encode(service()) });
}

function profileAt(
  { ip, port }: SocketAddr,
  { catalog, options }: { readonly catalog: Catalog; readonly options: DestinationOptions },
): Profile {
  const [service, other] = catalog.servicesAt(ip);
  if (other !== undefined)
    throw new GrpcError(GrpcCode.FAILED_PRECONDITION, `more than one Service has address ${ip}`);
  if (service !== undefined) return profileOf(service, { port }, options);
  const workload = catalog.workloadAt(ip);
  const at = { ip, port, workload, zone: "", clientZone: "" };
  const endpoint = endpointOf(at, options);
  const opaque = workload !== undefined && holds(workload.opaque, port);
  return {
    ...BUDGET,
    opaqueProtocol: opaque,
    ...(endpoint && { endpoint: fromEndpoint(endpoint) }),
  };
}

/** DST16: the budget of retries where no ServiceProfile has one. */
const BUDGET = {
  retryBudget: { retryRatio: 0.2, minRetriesPerSecond: 10, ttl: duration(10_000) },
};

/** DST15: a port that the Service does not have gives an empty profile, so that policy decides. */
function profileOf(
  service: ServiceView,
  { port }: Pick<ServicePath, "port">,
  { clusterDomain }: DestinationOptions,
): Profile {
  if (!service.ports.has(port)) return {};
  const { name, namespace } = service;
  const resource = { group: "core", kind: "Service", name, namespace, port };
  return {
    ...BUDGET,
    fullyQualifiedName: `${name}.${namespace}.svc.${clusterDomain}`,
    opaqueProtocol: holds(service.opaque, port),
    parentRef: { kind: { case: "resource", value: resource } },
  };
}
