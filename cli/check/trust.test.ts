import { expect, test } from "bun:test";
import type { Pod } from "#lib/k8s/types/core.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import { createCertificates } from "../../deploy/certificates.ts";
import { metricsPath } from "../../test/fake/cli.ts";
import {
  ANCHORS_PEM,
  changed,
  controlPlaneTexts,
  findings,
  INSTALLED_MS,
  installed,
  TRUST,
  trustOf,
} from "../../test/fake/installed.ts";
import { pod } from "../../test/fake/mesh-objects.ts";
import { DATA_PLANE } from "./data-plane.ts";

const [identity] = DATA_PLANE;
if (identity === undefined) throw new Error("Cannot test: the category is gone");
const WEB = metricsPath("default", "web");
const BEHIND = "Some pods do not trust the current bundle yet, so the issuer is not to be replaced";

/** What the check says of a mesh with a pod `web`, which answers this. */
async function complaint(
  web: string | undefined,
  how: { objects?: KubeObject[]; pod?: Pod; plane?: Record<string, string> } = {},
): Promise<string | undefined> {
  const { objects = installed(), plane = controlPlaneTexts() } = how;
  const found = await findings(identity as NonNullable<typeof identity>, {
    objects: [...objects, how.pod ?? pod("web")],
    texts: { ...plane, ...(web !== undefined && { [WEB]: web }) },
  });
  return Object.values(found)[0];
}

test("pods that trust what is installed are well; those that do not yet are named", async () => {
  expect(await complaint(trustOf(TRUST))).toBeUndefined();
  expect(await complaint(trustOf({ ...TRUST, generation: "0123" }))).toBe(
    `${BEHIND}:\n\t* default/web (trusts 0123)`,
  );
  expect(await complaint(undefined)).toBe(`${BEHIND}:\n\t* default/web (does not answer)`);
});

test("the control plane's own pods are asked too, and what its identity tells others", async () => {
  const identityPod = metricsPath("linkerd", "linkerd-identity-1");
  const controller = identityPod.replace(":4191/", ":9990/");
  const old = trustOf({ ...TRUST, generation: "0123" });
  expect(
    await complaint(trustOf(TRUST), { plane: { ...controlPlaneTexts(), [identityPod]: old } }),
  ).toBe(`${BEHIND}:\n\t* linkerd/linkerd-identity-1 (trusts 0123)`);
  expect(
    await complaint(trustOf(TRUST), { plane: { ...controlPlaneTexts(), [controller]: old } }),
  ).toContain(`linkerd-identity-1 (tells proxies of 0123 instead of ${TRUST.generation}`);
});

test("pods beside the control plane that have no proxy are not asked", async () => {
  const shell = pod("shell", { namespace: "linkerd", meshed: false });
  expect(await complaint(trustOf(TRUST), { objects: [...installed(), shell] })).toBeUndefined();
});

test("a proxy that does not say what it trusts is judged by its environment", async () => {
  const web = pod("web");
  const proxy = web.spec?.initContainers?.[0];
  if (proxy === undefined) throw new Error("Cannot test: the pod has no proxy");
  const variable = { name: "LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS", value: "old" };
  proxy.env = [variable];
  expect(await complaint("up 1\n", { pod: web })).toBe(
    `${BEHIND}:\n\t* default/web (must be restarted)`,
  );
  variable.value = `${ANCHORS_PEM}\n`;
  expect(await complaint("up 1\n", { pod: web })).toBeUndefined();
});

test("certificates of another anchor than the issuer's are told, as that is not to be removed", async () => {
  const next = createCertificates({
    namespace: "linkerd",
    trustDomain: "cluster.local",
    nowMs: INSTALLED_MS,
  });
  const other = trustOf({ ...TRUST, anchor: "4567" });
  expect(await complaint(other)).toContain("before they have renewed it:\n\t* default/web");
  const foreign = changed("Secret/linkerd-identity-issuer", (secret: { data: unknown }) => {
    secret.data = {
      "crt.pem": btoa(next.issuer.crtPem),
      "key.pem": btoa(next.issuer.keyPem),
    };
  });
  expect(await complaint(other, { objects: foreign })).toBeUndefined();
});
