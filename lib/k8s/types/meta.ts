/** What every Kubernetes object carries, as it is on the wire: dates are strings there. */

import type {
  V1LabelSelector,
  V1ListMeta,
  V1ObjectMeta,
  V1OwnerReference,
} from "@kubernetes/client-node";

/** The JSON form of a type of the official client: its dates are RFC 3339 text. */
export type Json<T> = T extends Date
  ? string
  : T extends object
    ? { [Key in keyof T]: Json<T[Key]> }
    : T;

export type ObjectMeta = Json<V1ObjectMeta>;
export type OwnerReference = Json<V1OwnerReference>;
export type LabelSelector = Json<V1LabelSelector>;

/** Any object of the API. */
export type KubeObject = { apiVersion?: string; kind?: string; metadata?: ObjectMeta };

/** A page of objects; `metadata.resourceVersion` is where a watch goes on. */
export type KubeList<T> = {
  apiVersion?: string;
  kind?: string;
  metadata?: Json<V1ListMeta>;
  items: T[];
};
