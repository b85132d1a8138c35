/** What a pod is injected with, and where it is to run. */

import type { Marks } from "#lib/k8s/annotations.ts";
import type { Anchors, Component } from "./environment.ts";
import type { InjectValues } from "./values.ts";

/** The same for the webhook, the command line and the control plane's own manifests. */
export type InjectOptions = {
  readonly values: InjectValues;
  readonly namespace: string;
  readonly namespaceAnnotations: Marks;
  readonly anchors: Anchors;
  /** `linkerd/proxy-injector` or `linkerd/cli`. */
  readonly createdBy: string;
  /** Owner as the caller knows it: a template's own kind; else it is read off the pod. */
  readonly owner?: { readonly kind: string; readonly name: string } | undefined;
  readonly component?: Component | undefined;
};
