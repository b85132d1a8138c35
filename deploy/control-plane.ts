/** The manifests of the control plane, in the order in which they are applied. */

import {
  ADMISSION_WEBHOOKS,
  CONTROL_PLANE_NS,
  INJECT,
  IS_CONTROL_PLANE,
} from "#lib/k8s/annotations.ts";
import type { ConfigMap, Namespace, Secret } from "#lib/k8s/types/core.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import { type Certificates, withoutCertificates } from "./certificates.ts";
import { renderDestination } from "./destination.ts";
import { encoded, renderIdentity } from "./identity.ts";
import { createdBy, labelsOf, withCommonLabels } from "./marks.ts";
import { podMonitors } from "./prometheus/pod-monitors.ts";
import { renderProxyInjector } from "./proxy-injector.ts";
import { trustRoots } from "./trust-roots.ts";
import { overridesIn, type Values } from "./values.ts";

/** Where `upgrade` finds what was set when the mesh was installed; its key has the same name. */
export const OVERRIDES_SECRET = "linkerd-config-overrides";

/** All objects of the control plane: namespace, configuration, then each controller. */
export function renderControlPlane(values: Values, certificates: Certificates): KubeObject[] {
  const stored = withoutCertificates(values);
  const objects = [
    namespace(values),
    config(stored),
    storedOverrides(stored),
    ...(values.identity.externalCA ? [] : [trustRoots(values, certificates.anchorsPem)]),
    ...renderIdentity(values, certificates),
    ...renderDestination(values, certificates),
    ...renderProxyInjector(values, certificates),
    ...podMonitors(values),
  ];
  return withCommonLabels(objects, values);
}

/** No pod of the control plane needs a privilege, its proxies neither: the namespace refuses them all. */
function namespace(values: Values): Namespace {
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: {
      name: values.namespace,
      annotations: { [INJECT]: "disabled" },
      labels: {
        [IS_CONTROL_PLANE]: "true",
        [ADMISSION_WEBHOOKS]: "disabled",
        [CONTROL_PLANE_NS]: values.namespace,
        "pod-security.kubernetes.io/enforce": "restricted",
      },
    },
  };
}

/** The values as the injector and the command line read them again: JSON, which is YAML too. Others' are left out. */
function config(values: Values): ConfigMap {
  const { cni: _, proxyInit: __, installGatewayAPI: ___, ...own } = values;
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name: "linkerd-config",
      namespace: values.namespace,
      labels: labelsOf("controller", values),
      annotations: createdBy(values),
    },
    data: {
      "linkerd-crds-chart-version": values.linkerdVersion,
      values: JSON.stringify(own, null, 2),
    },
  };
}

function storedOverrides(values: Values): Secret {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name: OVERRIDES_SECRET,
      namespace: values.namespace,
      labels: labelsOf("controller", values),
      annotations: createdBy(values),
    },
    data: encoded({ [OVERRIDES_SECRET]: JSON.stringify(overridesIn(values), null, 2) }),
  };
}
