/** Where a client is, as its proxy says it (DST17). */

/** What a token says; empty where it does not. */
export type ClientContext = { readonly namespace: string; readonly node: string };

const UNKNOWN: ClientContext = { namespace: "", node: "" };

/** Reads JSON `{"ns","nodeName","pod"}`, or the old `ns:<namespace>`; anything else is told, and says nothing. */
export function readContext(token: string, onUnknown: (token: string) => void): ClientContext {
  if (token === "") return UNKNOWN;
  const [, old] = /^ns:([^:{}\s]+)$/.exec(token.trim()) ?? [];
  if (old !== undefined) return { namespace: old, node: "" };
  try {
    const { ns, nodeName } = JSON.parse(token) as { ns?: unknown; nodeName?: unknown };
    return { namespace: textOf(ns), node: textOf(nodeName) };
  } catch {
    onUnknown(token);
    return UNKNOWN;
  }
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
