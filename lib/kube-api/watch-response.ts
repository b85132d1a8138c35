/** A watch over HTTP: events a line each, bookmarks, and an end. */

import type { SimpleRequest, SimpleWriter } from "#lib/http-io/simple.ts";
import { flag, numeric, parameter, tableWanted } from "./call.ts";
import type { ResourceCall, Served } from "./served.ts";
import { tableOf } from "./table.ts";
import { bookmark, startWatch, type WireEvent } from "./watch-stream.ts";

/** Milliseconds between bookmarks. */
const BOOKMARK_MS = 60_000;
/** The last bookmark comes this many milliseconds before the end, as from kube-apiserver. */
const LAST_BOOKMARK_MS = 2_000;
/** Seconds of a watch that names none. */
const WATCH_SECONDS = 3600;

/** Answers a watch; throws before the first byte where its version is gone. */
export function serveWatch(served: Served, call: ResourceCall, request: SimpleRequest): void {
  const { resource, route } = call;
  const { clock, faults, registry } = served;
  const early: WireEvent[] = [];
  let writer: SimpleWriter | undefined;
  const line = lineWriter(served, call, request);
  const send = (event: WireEvent): void => {
    const text = line(event);
    if (writer === undefined) early.push(event);
    else if (faults.eventDelayMs > 0) clock.after(faults.eventDelayMs, () => writer?.write(text));
    else writer.write(text);
  };
  const stop = startWatch(
    registry.store,
    {
      resource,
      request: {
        ...(route.namespace !== "" && { namespace: route.namespace }),
        labelSelector: parameter(request, "labelSelector"),
        fieldSelector: fieldSelector(call, request),
        resourceVersion: parameter(request, "resourceVersion"),
        sendInitialEvents:
          flag(request, "sendInitialEvents") && request.query.has("sendInitialEvents"),
      },
    },
    send,
  );
  writer = request.stream(200, { "content-type": "application/json" });
  for (const event of early) writer.write(line(event));
  const mark = (): void => {
    if (flag(request, "allowWatchBookmarks") && request.query.has("allowWatchBookmarks"))
      send(bookmark(resource, { version: registry.store.version, initial: false }));
  };
  let timer = clock.after(BOOKMARK_MS, beat);
  function beat(): void {
    mark();
    timer = clock.after(BOOKMARK_MS, beat);
  }
  const lastsMs = (numeric(request, "timeoutSeconds") ?? WATCH_SECONDS) * 1000;
  const last = clock.after(Math.max(0, lastsMs - LAST_BOOKMARK_MS), mark);
  const end = clock.after(lastsMs, () => {
    leave();
    writer?.end();
  });
  const leave = (): void => {
    stop();
    timer.cancel();
    last.cancel();
    end.cancel();
    served.watches.delete(close);
  };
  const close = (): void => {
    leave();
    writer?.end();
  };
  served.watches.add(close);
  writer.onClose = leave;
}

/** A watch on one object is a watch by its name. */
function fieldSelector({ route }: ResourceCall, request: SimpleRequest): string | undefined {
  const given = parameter(request, "fieldSelector");
  if (route.name === "") return given;
  return [given, `metadata.name=${route.name}`].filter((part) => part !== undefined).join(",");
}

function lineWriter(
  served: Served,
  { resource }: ResourceCall,
  request: SimpleRequest,
): (event: WireEvent) => string {
  const include = tableWanted(request);
  if (include === undefined) return (event) => `${JSON.stringify(event)}\n`;
  return ({ type, object }) => {
    if (type === "BOOKMARK") return `${JSON.stringify({ type, object })}\n`;
    const { resourceVersion } = object.metadata;
    const how = {
      wallMs: served.clock.wall(),
      include,
      custom: served.catalog.custom(resource),
      metadata: { resourceVersion },
    };
    return `${JSON.stringify({ type, object: tableOf(resource, [object], how) })}\n`;
  };
}
