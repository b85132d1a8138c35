/** The real path: routes as the bytes of a policy, what the proxy reads of them, and the rule that it finds in its tables. */

import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { GrpcRouteMatchSchema } from "#lib/api/gen/proxy/grpc_route_pb.ts";
import type { HttpRouteMatchSchema } from "#lib/api/gen/proxy/http_route_pb.ts";
import { OutboundPolicySchema } from "#lib/api/gen/proxy/outbound_pb.ts";
import { decode } from "#lib/api/wire/decode.ts";
import { OutboundPolicy } from "#lib/api/wire/gen/outbound.ts";
import { HeaderList } from "#lib/http/headers.ts";
import { toClientPolicy } from "../../../proxy/control/convert-outbound.ts";
import { findRoute } from "../../../proxy/policy/route-match.ts";
import { prepareRoutes } from "../../../proxy/policy/route-table.ts";
import {
  type Answer,
  type CallMatch,
  type Match,
  type Named,
  NO_ROUTE,
  type Request,
  type Rule,
  type World,
} from "./objects.ts";

type HttpMessage = MessageInitShape<typeof HttpRouteMatchSchema>;
type GrpcMessage = MessageInitShape<typeof GrpcRouteMatchSchema>;

const METHODS = ["GET", "POST"];
const METADATA = { kind: { case: "default" as const, value: "route" } };

/** What a proxy that was sent these routes answers. */
export function realPath(world: World): (request: Request) => Answer {
  const { protocol } = toClientPolicy(decode(OutboundPolicy, policyOf(world)));
  if (protocol.type !== "http1" && protocol.type !== "grpc")
    throw new Error(`Cannot compare routes: policy is ${JSON.stringify(protocol)}`);
  const names = world.routes.map(({ rules }) => rules.map(({ name }) => name));
  const table = prepareRoutes(
    protocol.routes.map(({ hosts, rules }, at) => ({
      hosts,
      rules: rules.map(({ matches }, index) => ({ matches, target: names[at]?.[index] ?? "" })),
    })),
  );
  return ({ method, authority, path, headers }) =>
    findRoute(table, { method, authority, path, protocol: "", headers: HeaderList.of(...headers) })
      ?.target ?? NO_ROUTE;
}

function policyOf(world: World): Uint8Array {
  const policy =
    world.type === "http"
      ? create(OutboundPolicySchema, {
          metadata: METADATA,
          protocol: {
            kind: {
              case: "http1",
              value: {
                routes: world.routes.map(({ hosts, rules }) => ({
                  metadata: METADATA,
                  hosts: hosts.map(hostOf),
                  rules: rules.map((rule) => ruleOf(rule, httpMatchOf)),
                })),
              },
            },
          },
        })
      : create(OutboundPolicySchema, {
          metadata: METADATA,
          protocol: {
            kind: {
              case: "grpc",
              value: {
                routes: world.routes.map(({ hosts, rules }) => ({
                  metadata: METADATA,
                  hosts: hosts.map(hostOf),
                  rules: rules.map((rule) => ruleOf(rule, callMatchOf)),
                })),
              },
            },
          },
        });
  return toBinary(OutboundPolicySchema, policy);
}

const ruleOf = <M, Message>({ matches }: Rule<M>, write: (match: M) => Message) => ({
  matches: matches.map(write),
  backends: { kind: { case: "empty" as const, value: {} } },
});

const hostOf = (host: string) =>
  host.startsWith("*.")
    ? {
        match: {
          case: "suffix" as const,
          value: { reverseLabels: host.slice(2).split(".").reverse() },
        },
      }
    : { match: { case: "exact" as const, value: host } };

function httpMatchOf({ path, method, headers, queryParams }: Match): HttpMessage {
  const registered = METHODS.indexOf(method ?? "");
  return {
    ...(path && { path: { kind: { case: path.type, value: path.value } } }),
    ...(method !== undefined && {
      method: {
        type:
          registered < 0
            ? { case: "unregistered", value: method }
            : { case: "registered", value: registered },
      },
    }),
    headers: headers.map(headerOf),
    queryParams: queryParams.map(({ name, type, value }) => ({
      name,
      value: { case: type, value },
    })),
  };
}

const callMatchOf = ({ service, method, headers }: CallMatch): GrpcMessage => ({
  rpc: { service, method },
  headers: headers.map(headerOf),
});

const headerOf = ({ name, type, value }: Named) => ({
  name,
  value:
    type === "exact"
      ? { case: "exact" as const, value: Buffer.from(value, "latin1") }
      : { case: "regex" as const, value },
});
