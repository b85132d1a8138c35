/** Creating, changing and deleting objects as the API server does, over the store. */

import type { Clock } from "#lib/time/clock.ts";
import { ApiError, invalid, notFound, qualified } from "./api-error.ts";
import {
  advance,
  alreadyExists,
  carryOver,
  checkName,
  checkPreconditions,
  conflict,
  isFinished,
  placeOf,
  unchanged,
} from "./changes.ts";
import { type ApiResource, groupVersion, present } from "./kinds.ts";
import { afterDelete, type DeleteOptions } from "./lifecycle.ts";
import { type ApplyOptions, takeOver } from "./managed-fields.ts";
import { type ApiObject, at, copy, sameJson, timestamp } from "./object.ts";
import { applyPatch, type PatchRequest } from "./patch.ts";
import type { Admission, AdmissionRequest, Page, PageRequest, WriteOptions } from "./requests.ts";
import { parseSelectors } from "./selectors.ts";
import type { Store } from "./store.ts";

/** What the registry needs from outside. */
export interface RegistryOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly uid: () => string;
  /** 0 to 1, for generated names. */
  readonly random: () => number;
  readonly admission: Admission;
}

/** A patch tries again this often when another write came between. */
const PATCH_TRIES = 5;

/** The one way to read and write objects. */
export class Registry {
  readonly store: Store;
  readonly #options: RegistryOptions;

  constructor(options: RegistryOptions) {
    this.store = options.store;
    this.#options = options;
  }

  list(resource: ApiResource, request: PageRequest): Page {
    const chooses = parseSelectors(request.labelSelector, request.fieldSelector);
    const all = this.store.list(qualified(resource), request.namespace).filter(chooses);
    const from = request.continue ? Number(atob(request.continue)) : 0;
    const until = request.limit ? from + request.limit : all.length;
    const rest = all.length - until;
    return {
      items: all.slice(from, until).map((object) => present(resource, object)),
      version: this.store.version,
      continue: rest > 0 ? btoa(String(until)) : undefined,
      remaining: rest > 0 ? rest : undefined,
    };
  }

  find(resource: ApiResource, name: string, namespace: string): ApiObject | undefined {
    const found = this.store.get({ table: qualified(resource), namespace, name });
    return found && present(resource, found);
  }

  get(resource: ApiResource, name: string, namespace: string): ApiObject {
    const found = this.find(resource, name, namespace);
    if (found === undefined) throw notFound(resource, name);
    return found;
  }

  async create(
    resource: ApiResource,
    sent: ApiObject,
    options: WriteOptions & { readonly namespace: string; readonly apply?: ApplyOptions },
  ): Promise<ApiObject> {
    const { admission } = this.#options;
    const draft = this.#prepare(resource, sent, options.namespace);
    const place = placeOf(resource, draft);
    if (this.store.get(place) !== undefined) throw alreadyExists(resource, place.name);
    const request = this.#request("CREATE", resource, options, {
      object: admission.complete(resource, draft, undefined),
    });
    const mutated = await admission.mutate(request);
    const object = admission.complete(resource, mutated, undefined);
    await admission.validate({ ...request, object });
    if (this.store.get(place) !== undefined) throw alreadyExists(resource, place.name);
    const owned = this.#own(resource, object, undefined, options);
    return options.dryRun ? owned : this.store.put(place, owned);
  }

  async update(
    resource: ApiResource,
    sent: ApiObject,
    options: WriteOptions & { readonly apply?: ApplyOptions },
  ): Promise<ApiObject> {
    const { admission } = this.#options;
    const place = placeOf(resource, sent);
    const current = this.get(resource, place.name, place.namespace);
    this.#checkVersion(resource, sent, current);
    const draft = carryOver({ resource, sent, current, subresource: options.subresource ?? "" });
    const request = this.#request("UPDATE", resource, options, {
      object: admission.complete(resource, draft, current),
      previous: current,
    });
    const object = admission.complete(resource, await admission.mutate(request), current);
    await admission.validate({ ...request, object });
    const newest = this.get(resource, place.name, place.namespace);
    if (newest.metadata.resourceVersion !== current.metadata.resourceVersion)
      throw conflict(resource, place.name);
    const owned = this.#own(resource, advance(object, current), current, options);
    if (unchanged(owned, current)) return current;
    if (options.dryRun) return owned;
    if (isFinished(owned)) return this.store.remove(place, owned);
    return this.store.put(place, owned);
  }

  async patch(
    resource: ApiResource,
    place: { readonly name: string; readonly namespace: string },
    options: WriteOptions & { readonly patch: PatchRequest },
  ): Promise<ApiObject> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#patchOnce(resource, place, options);
      } catch (error) {
        const again =
          error instanceof ApiError &&
          error.code === "Conflict" &&
          error.details?.["retry"] === true;
        if (!again || tries >= PATCH_TRIES) throw error;
      }
    }
  }

  async delete(
    resource: ApiResource,
    place: { readonly name: string; readonly namespace: string },
    options: WriteOptions & DeleteOptions,
  ): Promise<{ readonly object: ApiObject; readonly removed: boolean }> {
    const current = this.get(resource, place.name, place.namespace);
    checkPreconditions(resource, current, options);
    const request = this.#request("DELETE", resource, options, { previous: current });
    await this.#options.admission.validate({ ...request, name: place.name });
    const newest = this.get(resource, place.name, place.namespace);
    const after = afterDelete(resource, newest, {
      ...options,
      wallMs: this.#options.clock.wall(),
    });
    const at_ = placeOf(resource, newest);
    const removed = after.metadata.deletionTimestamp === undefined || isFinished(after);
    if (options.dryRun) return { object: after, removed };
    if (removed) return { object: this.store.remove(at_, after), removed };
    if (sameJson(after, newest)) return { object: newest, removed };
    return { object: this.store.put(at_, after), removed };
  }

  async #patchOnce(
    resource: ApiResource,
    place: { readonly name: string; readonly namespace: string },
    options: WriteOptions & { readonly patch: PatchRequest },
  ): Promise<ApiObject> {
    const { patch } = options;
    const current = this.find(resource, place.name, place.namespace);
    if (current === undefined && patch.type !== "apply") throw notFound(resource, place.name);
    const { object, apply } = applyPatch(resource, {
      current,
      patch,
      subresource: options.subresource ?? "",
    });
    object.metadata.name ??= place.name;
    if (resource.namespaced) object.metadata.namespace ??= place.namespace;
    const write = { ...options, ...(apply !== undefined && { apply }) };
    if (current === undefined)
      return this.create(resource, object, { ...write, namespace: place.namespace });
    const sent = at(patch.body, "metadata", "resourceVersion");
    const versioned = patch.type !== "json" && typeof sent === "string";
    object.metadata.resourceVersion = versioned ? sent : (current.metadata.resourceVersion ?? "");
    return this.update(resource, object, write).catch((error: unknown) => {
      if (!versioned && error instanceof ApiError && error.code === "Conflict")
        throw new ApiError("Conflict", error.message, { details: { retry: true } });
      throw error;
    });
  }

  #prepare(resource: ApiResource, sent: ApiObject, namespace: string): ApiObject {
    const { clock, uid } = this.#options;
    const object = copy(sent);
    const { metadata } = object;
    object.apiVersion = groupVersion(resource);
    object.kind = resource.kind;
    if (metadata.resourceVersion)
      throw new ApiError(
        "BadRequest",
        "resourceVersion should not be set on objects to be created",
      );
    if (!metadata.name && metadata.generateName)
      metadata.name = this.#generate(metadata.generateName);
    if (!metadata.name)
      throw invalid(resource, "", {
        field: "metadata.name",
        message: "Required value: name or generateName is required",
      });
    checkName(resource, metadata.name);
    if (resource.namespaced) metadata.namespace = namespace;
    else delete metadata.namespace;
    delete metadata.deletionTimestamp;
    delete metadata.deletionGracePeriodSeconds;
    metadata.uid = uid();
    metadata.creationTimestamp = timestamp(clock.wall());
    if (at(object, "spec") !== undefined && resource.kind !== "Pod") metadata.generation = 1;
    if (resource.subresources.includes("status") && resource.kind !== "Node")
      delete object["status"];
    return object;
  }

  #generate(prefix: string): string {
    const letters = "bcdfghjklmnpqrstvwxz2456789";
    const pick = (): string => letters[Math.floor(this.#options.random() * letters.length)] ?? "x";
    return prefix.slice(0, 58) + Array.from({ length: 5 }, pick).join("");
  }

  #request(
    operation: AdmissionRequest["operation"],
    resource: ApiResource,
    options: WriteOptions,
    objects: { readonly object?: ApiObject; readonly previous?: ApiObject },
  ): AdmissionRequest {
    const { metadata } = objects.object ?? objects.previous ?? { metadata: {} };
    return {
      operation,
      resource,
      subresource: options.subresource ?? "",
      namespace: metadata.namespace ?? "",
      name: metadata.name ?? "",
      object: objects.object,
      previous: objects.previous,
      user: options.user,
      dryRun: options.dryRun === true,
      warn: options.warn ?? (() => undefined),
    };
  }

  #checkVersion(resource: ApiResource, sent: ApiObject, current: ApiObject): void {
    const { resourceVersion, uid } = sent.metadata;
    const name = current.metadata.name ?? "";
    if (resourceVersion && resourceVersion !== current.metadata.resourceVersion)
      throw conflict(resource, name);
    if (uid && uid !== current.metadata.uid) throw conflict(resource, name);
  }

  #own(
    resource: ApiResource,
    object: ApiObject,
    current: ApiObject | undefined,
    options: WriteOptions & { readonly apply?: ApplyOptions },
  ): ApiObject {
    return takeOver(resource, {
      object,
      current,
      manager: options.apply?.manager ?? options.fieldManager ?? "unknown",
      subresource: options.subresource ?? "",
      now: timestamp(this.#options.clock.wall()),
      ...(options.apply !== undefined && { apply: options.apply }),
    });
  }
}
