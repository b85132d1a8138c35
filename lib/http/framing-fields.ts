/** Fields that say how long a body is or how a connection goes on: whoever changed one would make one message two. */

const FRAMING: ReadonlySet<string> = new Set([
  "content-length",
  "transfer-encoding",
  "connection",
  "upgrade",
  "te",
  "trailer",
  "keep-alive",
  "proxy-connection",
  "http2-settings",
]);

/** Whether a field is one of them; its name in any case. */
export const isFramingField = (name: string): boolean => FRAMING.has(name.toLowerCase());
