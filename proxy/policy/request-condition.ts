/** Which requests a route of a ServiceProfile takes; pure. */

import type { RequestHead } from "#lib/http/message.ts";
import type { Pattern } from "#lib/http/pattern.ts";

/** A condition, of others or of a request's path (without query) or method. */
export type RequestCondition =
  | { readonly type: "all" | "any"; readonly of: readonly RequestCondition[] }
  | { readonly type: "not"; readonly of: RequestCondition }
  | { readonly type: "path"; readonly pattern: Pattern }
  | { readonly type: "method"; readonly method: string };

/** What is read of a request beside its path. */
type Asked = Pick<RequestHead, "method" | "protocol">;

/**
 * The method that a request is matched by: an extended CONNECT that opens a WebSocket does what a GET does, and goes on
 * as one where the application speaks HTTP/1 (RFC 8441 §5).
 */
export function methodOf({ method, protocol }: Asked): string {
  return protocol !== "" && protocol.toLowerCase() === "websocket" ? "GET" : method;
}

/** Whether a request meets it. */
export function meets(condition: RequestCondition, path: string, head: Asked): boolean {
  switch (condition.type) {
    case "all":
      return condition.of.every((each) => meets(each, path, head));
    case "any":
      return condition.of.some((each) => meets(each, path, head));
    case "not":
      return !meets(condition.of, path, head);
    case "path":
      return condition.pattern.test(path);
    case "method":
      return condition.method === methodOf(head);
  }
}
