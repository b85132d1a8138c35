/** The OutboundPolicies API with defaults only: no routes are attached yet (OUT1, OUT2, OUT5, OUT7, OUT11, OUT12, OUT14). */

import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { MetadataSchema } from "#lib/api/gen/proxy/meta_pb.ts";
import {
  type BackendSchema,
  type HttpRouteSchema,
  type OpaqueRouteSchema,
  OutboundPolicySchema,
  TrafficSpecSchema,
} from "#lib/api/gen/proxy/outbound_pb.ts";
import { frameMessage } from "#lib/grpc/framing.ts";
import { readMessage } from "#lib/grpc/message.ts";
import type { CallHandler, ServerCall } from "#lib/grpc/server.ts";
import { GrpcCode, GrpcError } from "#lib/grpc/status.ts";
import type { Catalog, Key } from "../core/catalog.ts";
import { type Destination, destinationOf, type ServiceView } from "../core/outbound-policy.ts";
import { parseServicePath } from "../core/service-path.ts";
import { duration, fromIp, madeUp, toAddr } from "./convert.ts";
import { SharedAnswers } from "./shared-answers.ts";

const SERVICE = "/io.linkerd.proxy.outbound.OutboundPolicies/";
const DETECT_TIMEOUT_MS = 10_000;
const QUEUE = { capacity: 100, failfastTimeout: duration(3000) };
const LOAD = { defaultRtt: duration(30), decay: duration(10_000) };

type Policy = MessageInitShape<typeof OutboundPolicySchema>;
type Backend = MessageInitShape<typeof BackendSchema>;
type Metadata = MessageInitShape<typeof MetadataSchema>;
type Target = { readonly key: Key; readonly id: string; readonly find: () => Destination };

/** Handles `Get` and `Watch`. */
export function outboundHandlers(
  catalog: Catalog,
  options: { readonly clusterDomain: string },
): ReadonlyMap<string, CallHandler> {
  const shared = new SharedAnswers(catalog);
  const encode = ({ find }: Target): Uint8Array => {
    const message = create(OutboundPolicySchema, policyOf(find(), options.clusterDomain));
    return frameMessage(toBinary(OutboundPolicySchema, message));
  };
  return new Map<string, CallHandler>([
    [
      `${SERVICE}Get`,
      (call) => {
        call.send(encode(targetOf(call, { catalog, ...options })));
        call.end(GrpcCode.OK, "");
      },
    ],
    [
      `${SERVICE}Watch`,
      (call) => {
        const target = targetOf(call, { catalog, ...options });
        shared.watch(call, { ...target, encode: () => encode(target) });
      },
    ],
  ]);
}

/** OUT1, OUT14: throws where nothing is asked for, or for a Service that is not there. */
function targetOf(
  call: ServerCall,
  { catalog, clusterDomain }: { readonly catalog: Catalog; readonly clusterDomain: string },
): Target {
  const { target } = readMessage(TrafficSpecSchema, call.request);
  if (target.case === "authority") {
    const path = parseServicePath(target.value, { clusterDomain, trailingDot: true });
    if (path === undefined) throw new GrpcError(GrpcCode.NOT_FOUND, `no Service ${target.value}`);
    const find = (): Destination => {
      const service = catalog.service(path);
      if (service !== undefined) return destinationOf(service, path.port);
      throw new GrpcError(GrpcCode.NOT_FOUND, `no Service ${path.namespace}/${path.name}`);
    };
    return { key: `service/${path.namespace}/${path.name}`, id: target.value, find };
  }
  const addr = target.case === "addr" ? toAddr(target.value) : undefined;
  if (addr === undefined)
    throw new GrpcError(GrpcCode.INVALID_ARGUMENT, "target must be an authority, or ip and port");
  const { ip, port } = addr;
  const find = (): Destination => {
    const [service] = catalog.servicesAt(ip);
    return service === undefined
      ? { type: "unknown-address", ip, port }
      : destinationOf(service, port);
  };
  return { key: `ip/${ip}`, id: `${ip}/${port}`, find };
}

function policyOf(destination: Destination, clusterDomain: string): Policy {
  switch (destination.type) {
    case "unknown-address":
      return fallback(destination.ip, destination.port);
    case "undefined-port":
      return undefinedPort(destination.service, destination.port);
    case "service":
      return servicePolicy(destination, clusterDomain);
  }
}

function metadataOf({ name, namespace }: ServiceView, port: number): Metadata {
  const value = { group: "core", kind: "Service", name, namespace, port };
  return { kind: { case: "resource", value } };
}

/** OUT11: detected, and sent where it was going. */
function fallback(ip: string, port: number): Policy {
  const metadata = madeUp("egress-fallback");
  const backend: Backend = {
    metadata,
    queue: QUEUE,
    kind: { case: "forward", value: { addr: { ip: fromIp(ip), port }, weight: 1 } },
  };
  return { metadata, protocol: detect(backend, { http: metadata, opaque: metadata }) };
}

/** OUT12: nothing may pass. */
function undefinedPort(service: ServiceView, port: number): Policy {
  const route: MessageInitShape<typeof OpaqueRouteSchema> = {
    metadata: madeUp("undefined-port"),
    rules: [
      {
        backends: { kind: { case: "empty", value: {} } },
        filters: [{ kind: { case: "forbidden", value: {} } }],
      },
    ],
  };
  return {
    metadata: metadataOf(service, port),
    protocol: { kind: { case: "opaque", value: { routes: [route] } } },
  };
}

function servicePolicy(
  { service, port, protocol }: Destination & { readonly type: "service" },
  clusterDomain: string,
): Policy {
  const metadata = metadataOf(service, port);
  const path = `${service.name}.${service.namespace}.svc.${clusterDomain}:${port}`;
  const backend: Backend = {
    metadata,
    queue: QUEUE,
    kind: {
      case: "balancer",
      value: {
        discovery: { kind: { case: "dst", value: { path } } },
        load: { case: "peakEwma", value: LOAD },
      },
    },
  };
  const routes = [httpRoute(backend, madeUp("http"))];
  switch (protocol) {
    case "http1":
      return { metadata, protocol: { kind: { case: "http1", value: { routes } } } };
    case "http2":
      return { metadata, protocol: { kind: { case: "http2", value: { routes } } } };
    case "opaque": {
      const opaque = { routes: [opaqueRoute(backend, madeUp("opaq"))] };
      return { metadata, protocol: { kind: { case: "opaque", value: opaque } } };
    }
    case "detect":
      return {
        metadata,
        protocol: detect(backend, { http: madeUp("http"), opaque: madeUp("opaq") }),
      };
  }
}

function detect(
  backend: Backend,
  names: { readonly http: Metadata; readonly opaque: Metadata },
): NonNullable<Policy["protocol"]> {
  const routes = [httpRoute(backend, names.http)];
  const value = {
    timeout: duration(DETECT_TIMEOUT_MS),
    opaque: { routes: [opaqueRoute(backend, names.opaque)] },
    http1: { routes },
    http2: { routes },
  };
  return { kind: { case: "detect", value } };
}

function httpRoute(backend: Backend, metadata: Metadata): MessageInitShape<typeof HttpRouteSchema> {
  const matches = [{ path: { kind: { case: "prefix" as const, value: "/" } } }];
  const backends = {
    kind: { case: "firstAvailable" as const, value: { backends: [{ backend }] } },
  };
  return { metadata, rules: [{ matches, backends }] };
}

function opaqueRoute(
  backend: Backend,
  metadata: Metadata,
): MessageInitShape<typeof OpaqueRouteSchema> {
  const backends = {
    kind: { case: "firstAvailable" as const, value: { backends: [{ backend }] } },
  };
  return { metadata, rules: [{ backends }] };
}
