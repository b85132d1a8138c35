/** The InboundServerPolicies API: who may call a port (proxy-api.md; INB1 to INB11). */

import { PortSpecSchema, ServerSchema } from "#lib/api/gen/proxy/inbound_pb.ts";
import { readMessage } from "#lib/grpc/message.ts";
import type { CallHandler, ServerCall } from "#lib/grpc/server.ts";
import { GrpcCode, GrpcError } from "#lib/grpc/status.ts";
import type { InboundCatalog, WorkloadPort } from "../core/catalog.ts";
import { fromPortPolicy, NOBODY } from "./convert-inbound.ts";
import { Encoder } from "./encoder.ts";
import { SharedAnswers } from "./shared-answers.ts";
import { readWorkload } from "./workload-token.ts";

const SERVICE = "/io.linkerd.proxy.inbound.InboundServerPolicies/";

/** Handles `GetPort` and `WatchPort`. */
export function inboundHandlers(
  catalog: InboundCatalog,
  encoder: Encoder = new Encoder(),
): ReadonlyMap<string, CallHandler> {
  const shared = new SharedAnswers<WorkloadPort>(catalog);
  const encode = (at: WorkloadPort): Uint8Array => {
    const policy = catalog.portPolicy(at);
    // A pod that is not known, or not any more, is allowed nothing new: nobody is.
    const server = policy === undefined ? NOBODY : fromPortPolicy(policy);
    return encoder.frame(ServerSchema, server);
  };
  const read = (call: ServerCall): WorkloadPort => {
    const { workload, port } = readMessage(PortSpecSchema, call.request);
    const name = readWorkload(workload);
    if (name === undefined) throw new GrpcError(GrpcCode.INVALID_ARGUMENT, "workload is malformed");
    if (port === 0 || port > 0xffff)
      throw new GrpcError(GrpcCode.INVALID_ARGUMENT, `port must be 1 to 65535: ${port}`);
    const at = { ...name, port };
    if (catalog.portPolicy(at) === undefined)
      throw new GrpcError(GrpcCode.NOT_FOUND, `no workload ${name.namespace}/${name.name}`);
    return at;
  };
  return new Map<string, CallHandler>([
    [
      `${SERVICE}GetPort`,
      (call) => {
        const at = read(call);
        call.send(encode(at));
        call.end(GrpcCode.OK, "");
      },
    ],
    [
      `${SERVICE}WatchPort`,
      (call) => {
        const at = read(call);
        const id = `${at.external === true} ${at.namespace}/${at.name}/${at.port}`;
        shared.watch(call, { id, key: at, encode: () => encode(at) });
      },
    ],
  ]);
}
