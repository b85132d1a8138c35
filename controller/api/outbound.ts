/** The OutboundPolicies API: how a client's proxy reaches a destination (proxy-api.md; OUT1 to OUT14). */

import { OutboundPolicySchema, TrafficSpecSchema } from "#lib/api/gen/proxy/outbound_pb.ts";
import { readMessage } from "#lib/grpc/message.ts";
import type { CallHandler, ServerCall } from "#lib/grpc/server.ts";
import { GrpcCode, GrpcError } from "#lib/grpc/status.ts";
import type { OutboundCatalog, OutboundQuery, OutboundTargetName } from "../core/catalog.ts";
import type { OutboundPolicy } from "../core/outbound-policy.ts";
import { parseServicePath } from "../core/service-path.ts";
import { toAddr } from "./convert.ts";
import { fromOutboundPolicy } from "./convert-outbound.ts";
import { Encoder } from "./encoder.ts";
import { SharedAnswers } from "./shared-answers.ts";
import { readWorkload } from "./workload-token.ts";

const SERVICE = "/io.linkerd.proxy.outbound.OutboundPolicies/";

/** Handles `Get` and `Watch`. */
export function outboundHandlers(
  catalog: OutboundCatalog,
  options: { readonly clusterDomain: string },
  encoder: Encoder = new Encoder(),
): ReadonlyMap<string, CallHandler> {
  const shared = new SharedAnswers<OutboundQuery>(catalog);
  // Clients of namespaces for which the same holds share a policy, and its bytes.
  const framed = new WeakMap<OutboundPolicy, Uint8Array>();
  const encode = (query: OutboundQuery): Uint8Array => {
    const policy = catalog.outboundPolicy(query);
    if (policy === undefined) throw notFound(query.target);
    const known = framed.get(policy);
    if (known !== undefined) return known;
    const init = fromOutboundPolicy(policy, options.clusterDomain);
    const bytes = encoder.frame(OutboundPolicySchema, init);
    framed.set(policy, bytes);
    return bytes;
  };
  return new Map<string, CallHandler>([
    [
      `${SERVICE}Get`,
      (call) => {
        call.send(encode(queryOf(call, options)));
        call.end(GrpcCode.OK, "");
      },
    ],
    [
      `${SERVICE}Watch`,
      (call) => {
        const key = queryOf(call, options);
        shared.watch(call, { id: idOf(key), key, encode: () => encode(key) });
      },
    ],
  ]);
}

const idOf = ({ target, client }: OutboundQuery): string =>
  target.type === "address"
    ? `${client} ${target.ip}/${target.port}`
    : `${client} ${target.namespace}/${target.name}:${target.port}`;

function notFound(target: OutboundTargetName): GrpcError {
  const what = target.type === "address" ? target.ip : `${target.namespace}/${target.name}`;
  return new GrpcError(GrpcCode.NOT_FOUND, `no Service ${what}`);
}

/** OUT1, OUT14: throws where nothing is asked for, or where nobody asks who can be read. */
function queryOf(
  call: ServerCall,
  { clusterDomain }: { readonly clusterDomain: string },
): OutboundQuery {
  const { target, sourceWorkload } = readMessage(TrafficSpecSchema, call.request);
  const client = readWorkload(sourceWorkload)?.namespace;
  // Without its namespace a client would pass by what holds there.
  if (client === undefined)
    throw new GrpcError(GrpcCode.INVALID_ARGUMENT, "source workload is malformed");
  if (target.case === "authority") {
    const path = parseServicePath(target.value, { clusterDomain, trailingDot: true });
    if (path === undefined) throw new GrpcError(GrpcCode.NOT_FOUND, `no Service ${target.value}`);
    const { name, namespace, port } = path;
    return { client, target: { type: "service", name, namespace, port } };
  }
  const addr = target.case === "addr" ? toAddr(target.value) : undefined;
  if (addr === undefined)
    throw new GrpcError(GrpcCode.INVALID_ARGUMENT, "target must be an authority, or ip and port");
  return { client, target: { type: "address", ...addr } };
}
