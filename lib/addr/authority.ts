/** `host[:port]`, as requests and names of destinations carry it. */

/** A host and, where given, a port. */
export interface Authority {
  /** In lower case, without brackets and without a trailing dot. */
  readonly host: string;
  readonly port: number | undefined;
}

const AUTHORITY = /^(?:\[([0-9a-f:.%]+)\]|([a-z0-9._~-]+))(?::(\d{1,5}))?$/i;

/** Parses an authority (RFC 9110 §7.2); undefined where it has userinfo, blanks or a bad port. */
export function parseAuthority(text: string): Authority | undefined {
  const match = AUTHORITY.exec(text);
  if (match === null) return undefined;
  const port = match[3] === undefined ? undefined : Number(match[3]);
  if (port !== undefined && port > 0xffff) return undefined;
  const host = (match[1] ?? match[2] ?? "").toLowerCase();
  return { host: host.endsWith(".") ? host.slice(0, -1) : host, port };
}
