/** The Destination API: endpoints and profiles (DST1 to DST17). */

import { parseSocketAddr } from "#lib/addr/socket-addr.ts";
import {
  DestinationProfileSchema,
  GetDestinationSchema,
} from "#lib/api/gen/proxy/destination_pb.ts";
import { readMessage } from "#lib/grpc/message.ts";
import type { CallHandler, ServerCall } from "#lib/grpc/server.ts";
import { GrpcCode, GrpcError } from "#lib/grpc/status.ts";
import type { Catalog, ProfileCatalog, ProfileQuery } from "../core/catalog.ts";
import type { Profile } from "../core/profile.ts";
import { DEFAULT_PORT, parseServicePath } from "../core/service-path.ts";
import { readContext } from "./context-token.ts";
import { fromProfile } from "./convert-profile.ts";
import { Encoder } from "./encoder.ts";
import { type EndpointFollowers, EndpointSets } from "./endpoint-sets.ts";
import { type AnswerFollowers, SharedAnswers } from "./shared-answers.ts";

const SERVICE = "/io.linkerd.proxy.destination.Destination/";

/** What the API is set up with. */
export type DestinationOptions = {
  readonly clusterDomain: string;
  /** Told of a context that cannot be read (DST17). */
  readonly onContext: (token: string) => void;
  /** Told of who follows endpoints, and profiles. */
  readonly followers?: EndpointFollowers;
  readonly profileFollowers?: AnswerFollowers<ProfileQuery>;
};

/** Handles `Get` and `GetProfile`. */
export function destinationHandlers(
  from: { readonly cluster: Catalog; readonly profiles: ProfileCatalog },
  options: DestinationOptions,
  encoder: Encoder = new Encoder(),
): ReadonlyMap<string, CallHandler> {
  const { cluster, profiles } = from;
  const sets = new EndpointSets(cluster, encoder, options.followers);
  const shared = new SharedAnswers<ProfileQuery>(profiles, options.profileFollowers);
  // Clients of namespaces for which the same holds share a profile, and its bytes.
  const framed = new WeakMap<Profile, Uint8Array>();
  return new Map<string, CallHandler>([
    [
      `${SERVICE}Get`,
      (call) => {
        const { path, contextToken } = readMessage(GetDestinationSchema, call.request);
        const target = parseServicePath(path, { ...options, trailingDot: false });
        if (target === undefined) throw invalid(path);
        const service = cluster.service(target);
        if (service === undefined)
          throw new GrpcError(GrpcCode.NOT_FOUND, `no Service ${target.namespace}/${target.name}`);
        if (service.external) throw invalid(path);
        const { node } = readContext(contextToken, options.onContext);
        sets.watch(call, { ...target, node });
      },
    ],
    [
      `${SERVICE}GetProfile`,
      (call) => {
        const { path, query } = profileQuery(call, options);
        const encode = (): Uint8Array => {
          const profile = answered(profiles.profile(query), path);
          const known = framed.get(profile);
          if (known !== undefined) return known;
          const init = fromProfile(profile, options.clusterDomain);
          const bytes = encoder.frame(DestinationProfileSchema, init);
          framed.set(profile, bytes);
          return bytes;
        };
        shared.watch(call, { id: `${query.client} ${path}`, key: query, encode });
      },
    ],
  ]);
}

const invalid = (path: string): GrpcError =>
  new GrpcError(GrpcCode.INVALID_ARGUMENT, `path is no Service of this cluster: ${path}`);

/** What is asked for, by whom; the path as it is asked for. */
function profileQuery(
  call: ServerCall,
  options: DestinationOptions,
): { readonly path: string; readonly query: ProfileQuery } {
  const { path, contextToken } = readMessage(GetDestinationSchema, call.request);
  const { namespace: client } = readContext(contextToken, options.onContext);
  const addr = parseSocketAddr(path.includes(":") ? path : `${path}:${DEFAULT_PORT}`);
  if (addr?.port === 0) throw invalid(path);
  if (addr !== undefined) return { path, query: { client, target: { type: "address", ...addr } } };
  const target = parseServicePath(path, { ...options, trailingDot: true });
  if (target === undefined) throw invalid(path);
  return { path, query: { client, target: { type: "service", ...target } } };
}

/** A profile that can be told. */
function answered(
  profile: Profile | undefined,
  path: string,
): Exclude<Profile, { readonly type: "conflict" }> {
  if (profile === undefined) throw new GrpcError(GrpcCode.NOT_FOUND, `no Service at ${path}`);
  if (profile.type !== "conflict") return profile;
  const why = `more than one Service has address ${profile.ip}`;
  throw new GrpcError(GrpcCode.FAILED_PRECONDITION, why);
}
