/** Who is let in by an audit alone is said in the log (INB8). */

import type { Caller } from "../policy/authorization.ts";
import type { InboundRule } from "../policy/server-policy.ts";
import type { Runtime } from "../transport/runtime.ts";
import type { PortPolicy } from "./ports.ts";

/** Who calls, and which port. */
interface Audited {
  readonly caller: Caller;
  readonly port: PortPolicy;
}

/** Tells of a request. */
export function auditRequest(
  { log }: Pick<Runtime, "log">,
  audited: Audited,
  { rule, method }: { readonly rule: InboundRule; readonly method: string },
): void {
  const request = { route: rule.labels.name, method };
  log.info("Request allowed by audit", { ...fieldsOf(audited), ...request });
}

/** Tells of a connection without requests. */
export function auditConnection({ log }: Pick<Runtime, "log">, audited: Audited): void {
  log.info("Connection allowed by audit", fieldsOf(audited));
}

const fieldsOf = ({ caller: { ip, tls }, port }: Audited) => ({
  client: ip,
  client_id: tls.type === "identity" ? tls.name : "",
  server: port.current.labels.name,
  port: port.port,
});
