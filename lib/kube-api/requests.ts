/** What reads and writes ask of the registry, and what admission is asked. */

import type { ApiResource } from "./kinds.ts";
import type { ApiObject } from "./object.ts";
import type { User } from "./user.ts";

/** What is decided about an object before it is stored. */
export interface AdmissionRequest {
  readonly operation: "CREATE" | "UPDATE" | "DELETE";
  readonly resource: ApiResource;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** Undefined for DELETE. */
  readonly object: ApiObject | undefined;
  readonly previous: ApiObject | undefined;
  readonly user: User;
  readonly dryRun: boolean;
  /** Told of what the client is to be told beside the answer. */
  readonly warn: (warning: string) => void;
}

/** Changes and checks what is written; throws an ApiError to refuse. */
export interface Admission {
  /** Fills in defaults; called again after webhooks. */
  complete(resource: ApiResource, object: ApiObject, previous: ApiObject | undefined): ApiObject;
  /** Changes the object: built-in plugins first, then webhooks. */
  mutate(request: AdmissionRequest): Promise<ApiObject>;
  /** Refuses what must not be: schemas first, then webhooks. */
  validate(request: AdmissionRequest): Promise<void>;
}

/** How a write is made. */
export interface WriteOptions {
  readonly user: User;
  readonly subresource?: string;
  readonly dryRun?: boolean;
  readonly fieldManager?: string;
  /** Told of the warnings of webhooks. */
  readonly warn?: (warning: string) => void;
}

/** What is listed: a page of objects, and how to go on. */
export interface Page {
  readonly items: readonly ApiObject[];
  readonly version: number;
  readonly continue: string | undefined;
  readonly remaining: number | undefined;
}

/** What a list asks for. */
export interface PageRequest {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  readonly limit?: number | undefined;
  readonly continue?: string | undefined;
}
