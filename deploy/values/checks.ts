/** Whether values that are each of their kind can be used together. */

import { parseQuantity } from "#lib/k8s/quantity.ts";
import { WEBHOOKS, type WebhookKey } from "#lib/k8s/webhooks.ts";
import { isTraced } from "../../controller/injector/tracing.ts";
import type { Resources } from "../../controller/injector/values.ts";
import type { Values } from "../values.ts";

type Check = readonly [holds: boolean, message: string];

const WEBHOOK_KEYS = Object.keys(WEBHOOKS) as WebhookKey[];

/** What is wrong with values that are each of their kind, one sentence each; empty where they can be used together. */
export function validateValues(values: Values): readonly string[] {
  const checks: readonly Check[] = [
    [
      values.proxy.uid !== values.controllerUID,
      "controllerUID must not be proxy.uid: the proxy's own traffic is not redirected",
    ],
    [
      isTracedOrOff(values.proxy),
      "proxy.tracing.collector needs an endpoint, and its meshIdentity unless the endpoint is on loopback",
    ],
    ...authorityChecks(values),
    ...WEBHOOK_KEYS.flatMap((key) => servingChecks(key, values)),
  ];
  return [
    ...checks.flatMap(([holds, message]) => (holds ? [] : [message])),
    ...aboveLimit("proxy.resources", values.proxy.resources),
    ...aboveLimit("controllerResources", values.controllerResources),
    ...aboveLimit("cni.resources", values.cni.resources),
  ];
}

/** Anchors and issuer: all ours, all the user's own, or with those that others write. */
function authorityChecks({ identity, identityTrustAnchorsPEM }: Values): readonly Check[] {
  const { externalCA, issuer } = identity;
  const { crtPEM, keyPEM } = issuer.tls;
  const [hasAnchors, hasIssuer] = [identityTrustAnchorsPEM !== "", crtPEM !== ""];
  const isLeft = externalCA || issuer.scheme === "kubernetes.io/tls";
  return [
    [
      hasIssuer === (keyPEM !== "") && (isLeft || hasAnchors === hasIssuer),
      "identityTrustAnchorsPEM, identity.issuer.tls.crtPEM and identity.issuer.tls.keyPEM belong together",
    ],
    [
      !(externalCA && hasAnchors),
      "identityTrustAnchorsPEM and identity.externalCA exclude each other: with the latter others write the anchors",
    ],
  ];
}

/** A certificate that others write is verified by one CA, and is not given here as well. */
function servingChecks(key: WebhookKey, values: Values): readonly Check[] {
  const { externalSecret, crtPEM, keyPEM, caBundle, injectCaFrom, injectCaFromSecret } =
    values[key];
  const injected = [injectCaFrom, injectCaFromSecret].filter((text) => text !== "").length;
  const all = injected + (caBundle === "" ? 0 : 1);
  return [
    [
      externalSecret || injected === 0,
      `${key}.injectCaFrom and ${key}.injectCaFromSecret need ${key}.externalSecret: else the Secret is written here`,
    ],
    [
      !externalSecret || all === 1,
      `${key}.externalSecret needs one of ${key}.caBundle, ${key}.injectCaFrom and ${key}.injectCaFromSecret`,
    ],
    [
      !externalSecret || (crtPEM === "" && keyPEM === ""),
      `${key}.externalSecret and ${key}.crtPEM or ${key}.keyPEM exclude each other: with the former others write the Secret`,
    ],
  ];
}

function isTracedOrOff({ tracing, tap }: Values["proxy"]): boolean {
  return !tracing.enabled || isTraced({ settings: { tracing, tap }, component: undefined });
}

/** No pod can have such a container. */
function aboveLimit(path: string, { cpu, memory }: Resources): string[] {
  return Object.entries({ cpu, memory })
    .filter(([, { request, limit }]) => {
      const most = parseQuantity(limit) ?? Number.POSITIVE_INFINITY;
      return (parseQuantity(request) ?? 0) > most;
    })
    .map(([name]) => `${path}.${name}.request is above its limit`);
}
