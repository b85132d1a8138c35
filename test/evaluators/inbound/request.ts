/** What a proxy that was sent a message answers, by its own code: which rule takes a call, and whether the caller may. */

import type { Server } from "#lib/api/gen/proxy/inbound_pb.ts";
import { HeaderList } from "#lib/http/headers.ts";
import { toServerPolicy } from "../../../proxy/control/convert-inbound.ts";
import { authorize, type ClientTls } from "../../../proxy/policy/authorization.ts";
import type { MatchedHead } from "../../../proxy/policy/request-match.ts";
import { findRoute } from "../../../proxy/policy/route-match.ts";
import type { InboundRule, ServerPolicy } from "../../../proxy/policy/server-policy.ts";
import type { Answer, Call } from "./objects.ts";

/** What is said of a call where requests are seen; elsewhere connections are let in or not. */
const WITH_REQUESTS: readonly ServerPolicy["protocol"]["type"][] = ["detect", "http1", "http2"];

/** The answers of one port. */
export function answerOf(message: Server): (call: Call) => Answer {
  const policy = toServerPolicy(message);
  const seesRequests = WITH_REQUESTS.includes(policy.protocol.type);
  return (call) => {
    const caller = { ip: call.ip, tls: tlsOf(call.tls) };
    if (!seesRequests) return authorize(policy, caller) === undefined ? "denied" : "allowed";
    const rule = findRoute(policy.routes, headOf(call))?.target;
    if (rule === undefined) return "no route";
    if (authorize(rule, caller) === undefined) return "denied";
    return refuses(rule) ? "refused" : "allowed";
  };
}

const refuses = ({ fault, filters }: InboundRule): boolean =>
  fault !== undefined || filters.some(({ type }) => type === "http-failure");

function headOf({ host, path, method, version }: Call): MatchedHead {
  return {
    method,
    path,
    authority: host,
    protocol: "",
    headers: HeaderList.of(["x-version", version]),
  };
}

function tlsOf(tls: Call["tls"]): ClientTls {
  if (tls === "none") return { type: "none", reason: "no_tls_from_remote" };
  return tls === "anonymous"
    ? { type: "unauthenticated" }
    : { type: "identity", name: tls.identity };
}
