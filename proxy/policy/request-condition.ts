/** Which requests a route of a ServiceProfile takes; pure. */

import type { RequestHead } from "#lib/http/message.ts";
import type { Pattern } from "#lib/http/pattern.ts";

/** A condition, of others or of a request's path (without query) or method. */
export type RequestCondition =
  | { readonly type: "all" | "any"; readonly of: readonly RequestCondition[] }
  | { readonly type: "not"; readonly of: RequestCondition }
  | { readonly type: "path"; readonly pattern: Pattern }
  | { readonly type: "method"; readonly method: string };

/** Whether a request meets it. */
export function meets(
  condition: RequestCondition,
  path: string,
  head: Pick<RequestHead, "method">,
): boolean {
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
      return condition.method === head.method;
  }
}
