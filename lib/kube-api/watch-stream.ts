/** One watch: the changes of a table that a client chose, from a version on. */

import { ApiError, qualified } from "./api-error.ts";
import { type ApiResource, present } from "./kinds.ts";
import type { ApiObject } from "./object.ts";
import { type Chooses, parseSelectors } from "./selectors.ts";
import type { Store, StoreEvent } from "./store.ts";

/** What a watch asks for. */
export interface WatchRequest {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  /** Empty or `0`: what is there comes first, as ADDED. */
  readonly resourceVersion?: string | undefined;
  readonly sendInitialEvents?: boolean;
}

/** An event as it goes over the wire. */
export interface WireEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK";
  readonly object: ApiObject;
}

/** Starts a watch; events that are due are given before it returns. Throws Expired (410) for versions that are gone. */
export function startWatch(
  store: Store,
  watched: { readonly resource: ApiResource; readonly request: WatchRequest },
  onEvent: (event: WireEvent) => void,
): () => void {
  const { resource, request } = watched;
  const table = qualified(resource);
  const chooses = parseSelectors(request.labelSelector, request.fieldSelector);
  const tell = (event: StoreEvent): void => {
    if (event.table !== table) return;
    if (request.namespace !== undefined && event.object.metadata.namespace !== request.namespace)
      return;
    const type = typeFor(event, chooses);
    if (type !== undefined) onEvent({ type, object: present(resource, event.object) });
  };
  const from = request.resourceVersion ?? "";
  if (from === "" || from === "0" || request.sendInitialEvents === true) {
    for (const object of store.list(table, request.namespace).filter(chooses))
      onEvent({ type: "ADDED", object: present(resource, object) });
    if (request.sendInitialEvents === true)
      onEvent(bookmark(resource, { version: store.version, initial: true }));
  } else {
    const missed = store.since(table, Number(from));
    if (missed === undefined)
      throw new ApiError("Expired", `too old resource version: ${from} (${store.version})`);
    for (const event of missed) tell(event);
  }
  return store.subscribe(tell);
}

/** The event that tells a client how far it has seen. */
export function bookmark(
  resource: ApiResource,
  { version, initial }: { readonly version: number; readonly initial: boolean },
): WireEvent {
  const annotations = { "k8s.io/initial-events-end": "true" };
  const metadata = {
    resourceVersion: String(version),
    creationTimestamp: null,
    ...(initial && { annotations }),
  };
  const apiVersion =
    resource.group === "" ? resource.version : `${resource.group}/${resource.version}`;
  return { type: "BOOKMARK", object: { apiVersion, kind: resource.kind, metadata } };
}

/** Objects that come under a selector are added to its watch, those that leave it are deleted from it. */
function typeFor(event: StoreEvent, chooses: Chooses): WireEvent["type"] | undefined {
  const now = event.type !== "DELETED" && chooses(event.object);
  const before = event.previous !== undefined && chooses(event.previous);
  if (now) return before ? "MODIFIED" : "ADDED";
  return before ? "DELETED" : undefined;
}
