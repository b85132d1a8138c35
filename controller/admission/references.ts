/** References as they are written. */

import { isText, object, optional, type Shape } from "#lib/k8s/shape.ts";

/** Whether a reference can be read. */
export const isReference: Shape = object({
  group: optional(isText),
  kind: isText,
  name: isText,
  namespace: optional(isText),
});
