/** What authorization decides is said in the log, with Linkerd's words: who is let in by an audit alone (INB8), and who is not. */

import type { Caller } from "../policy/authorization.ts";
import type { InboundRule } from "../policy/server-policy.ts";
import type { Runtime } from "../transport/runtime.ts";
import type { PortPolicy } from "./ports.ts";

/** Who calls, and which port. */
interface Call {
  readonly caller: Caller;
  readonly port: PortPolicy;
}

/** What is said of a request. */
export type RequestWord = "Request allowed by audit" | "Request denied";

/** What is said of a connection without requests, or of a tunnel. */
type ConnectionWord =
  | "Connection allowed by audit"
  | "Connection denied"
  | "Connection terminated due to policy change";

/** Tells of a request. */
export function sayOfRequest(
  { log }: Pick<Runtime, "log">,
  word: RequestWord,
  { rule, method, ...call }: Call & { readonly rule: InboundRule; readonly method: string },
): void {
  log.info(word, { ...fieldsOf(call), route: rule.labels.name, method });
}

/** Tells of a connection without requests, or of a tunnel. */
export function sayOfConnection(
  { log }: Pick<Runtime, "log">,
  word: ConnectionWord,
  call: Call,
): void {
  log.info(word, fieldsOf(call));
}

const fieldsOf = ({ caller: { ip, tls }, port }: Call) => ({
  client: ip,
  client_id: tls.type === "identity" ? tls.name : "",
  server: port.current.labels.name,
  port: port.port,
});
