/** What spans say of who sends them, out of what the proxy is told (TRACE_*). */

/** Lines of name=value; values may stand in quotes, as in files of a pod's labels. What is no such line is passed over. */
export function parseAttributes(text: string): Record<string, string> {
  const lines = text.split(/\r?\n/).flatMap((line) => {
    const at = line.indexOf("=");
    return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1).replace(/^"+|"+$/g, "")] as const];
  });
  return Object.fromEntries(lines);
}

/** All of it; of attributes that are said twice the later one holds. */
export function traceResource(
  {
    hostname,
    serviceName,
    attributes,
  }: {
    readonly hostname: string;
    readonly serviceName: string | undefined;
    /** Lines of several sources, the weakest first. */
    readonly attributes: readonly string[];
  },
  process: { readonly pid: number; readonly startSeconds: number },
): Readonly<Record<string, string | number>> {
  return Object.assign(
    {
      "process.pid": process.pid,
      "process.start_timestamp": Math.floor(process.startSeconds),
      "host.name": hostname,
      ...(serviceName !== undefined && { "service.name": serviceName }),
    },
    ...attributes.map(parseAttributes),
  );
}
