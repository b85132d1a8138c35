/** The client's interface right over the registry, for controllers and kubelets in the same process. */

import type { KubeClient, ListOptions, WatchOptions } from "#lib/k8s/client.ts";
import { kubeErrorOf } from "#lib/k8s/kube-error.ts";
import { apiVersionOf, type Resource } from "#lib/k8s/resource.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import type { WatchEvent } from "#lib/k8s/watch.ts";
import type { Clock } from "#lib/time/clock.ts";
import { ApiError, statusOf } from "./api-error.ts";
import type { Catalog } from "./catalog.ts";
import type { ApiResource } from "./kinds.ts";
import { type ApiObject, copy } from "./object.ts";
import type { Registry } from "./registry.ts";
import { LOOPBACK_USER } from "./user.ts";
import { startWatch } from "./watch-stream.ts";

/** Creates a client that may do everything; objects it gives are copies. */
export function createLocalClient(options: {
  readonly registry: Registry;
  readonly catalog: Catalog;
  readonly clock: Clock;
  /** Answers paths that are no objects. */
  readonly text: (path: string) => Promise<string>;
  /** Answers reviews and other resources that are not kept. */
  readonly review: (resource: ApiResource, object: ApiObject) => ApiObject;
}): KubeClient {
  const { registry, catalog } = options;
  const find = (resource: Resource): ApiResource => {
    const found = catalog.find(resource);
    if (found === undefined)
      throw new ApiError(
        "NotFound",
        `the server could not find the requested resource ${resource.plural}`,
      );
    return found;
  };
  const user = { user: LOOPBACK_USER, fieldManager: "bunkerd" };
  return {
    list: (resource, query = {}) =>
      asked(`list ${resource.plural}`, () => {
        const { items, version, ...page } = registry.list(find(resource), query);
        const metadata = {
          resourceVersion: String(version),
          ...(page.continue && { continue: page.continue }),
        };
        return {
          apiVersion: apiVersionOf(resource),
          kind: `${resource.kind}List`,
          metadata,
          items: copy(items) as never,
        };
      }),
    get: (resource, { name, namespace = "" }) =>
      asked(
        `get ${resource.plural} ${name}`,
        () => copy(registry.find(find(resource), name, namespace)) as never,
      ),
    create: (resource, object) =>
      asked(`create ${resource.plural}`, async () => {
        const kind = find(resource);
        const sent = asObject(object);
        if (kind.ephemeral) return options.review(kind, sent) as never;
        return copy(
          await registry.create(kind, sent, { ...user, namespace: sent.metadata.namespace ?? "" }),
        ) as never;
      }),
    replace: (resource, object) =>
      asked(
        `replace ${resource.plural}`,
        async () => copy(await registry.update(find(resource), asObject(object), user)) as never,
      ),
    patch: (resource, { name, namespace = "" }, patch) =>
      asked(`patch ${resource.plural} ${name}`, async () => {
        const subresource = patch.subresource ?? "";
        return copy(
          await registry.patch(
            find(resource),
            { name, namespace },
            {
              ...user,
              ...(patch.fieldManager && { fieldManager: patch.fieldManager }),
              patch,
              subresource,
            },
          ),
        ) as never;
      }),
    delete: (resource, { name, namespace = "" }, options = {}) =>
      asked(`delete ${resource.plural} ${name}`, async () => {
        const kind = find(resource);
        if (registry.find(kind, name, namespace) !== undefined)
          await registry.delete(kind, { name, namespace }, { ...user, ...options });
      }),
    watch: (resource, query) => watchLocal(options, { resource: find(resource), query }),
    text: (path) => asked(`get ${path}`, () => options.text(path)),
  };
}

async function asked<T>(verb: string, run: () => T | Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    throw kubeErrorOf(verb, { status: error.status, body: JSON.stringify(statusOf(error)) });
  }
}

function asObject<T extends KubeObject>(object: T): ApiObject {
  return copy({ ...object, metadata: object.metadata ?? {} }) as unknown as ApiObject;
}

async function* watchLocal(
  { registry, clock }: { readonly registry: Registry; readonly clock: Clock },
  {
    resource,
    query,
  }: { readonly resource: ApiResource; readonly query: WatchOptions & ListOptions },
): AsyncGenerator<WatchEvent> {
  const { signal, timeoutSeconds, ...request } = query;
  const queue: WatchEvent[] = [];
  let wake: () => void = () => undefined;
  let isOver = false;
  const onAbort = (): void => wake();
  let stop: () => void;
  try {
    stop = startWatch(registry.store, { resource, request }, (event) => {
      const { object } = event;
      queue.push(
        event.type === "BOOKMARK"
          ? { type: "BOOKMARK", resourceVersion: object.metadata.resourceVersion ?? "" }
          : { type: event.type, object: copy(object) },
      );
      wake();
    });
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== "Expired") throw error;
    yield { type: "EXPIRED" };
    return;
  }
  signal.addEventListener("abort", onAbort);
  const end = (): void => {
    isOver = true;
    wake();
  };
  const timer = timeoutSeconds === undefined ? undefined : clock.after(timeoutSeconds * 1000, end);
  try {
    yield { type: "OPENED" };
    while (!signal.aborted) {
      yield* queue.splice(0);
      if (queue.length > 0 || signal.aborted) continue;
      if (isOver) {
        yield { type: "BOOKMARK", resourceVersion: String(registry.store.version) };
        return;
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    stop();
    timer?.cancel();
    signal.removeEventListener("abort", onAbort);
  }
}
