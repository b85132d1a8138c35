/** Whether proxies trust the anchors that are installed and are certified by the issuer's: a rotation's next step is safe only then. */

import { anchorOf, readTrustBundle } from "#lib/identity/trust-bundle.ts";
import { CONTROL_PLANE_COMPONENT } from "#lib/k8s/annotations.ts";
import type { Pod } from "#lib/k8s/types/core.ts";
import { parseExposition } from "#lib/metrics/parse.ts";
import { parseCertificates } from "./certificate.ts";
import { expectNone, type Target } from "./check.ts";
import { ISSUER_SECRET, readAnchors, readCertificate } from "./config.ts";
import { inParallel, nameOf, proxyOf, scrape, scrapeProxy } from "./proxies.ts";

const ANCHORS_VARIABLE = "LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS";
const IDENTITY_ADMIN_PORT = 9990;

/** What a pod says of itself; a field is undefined where it does not say. */
type Answer = {
  readonly pod: Pod;
  readonly reached: boolean;
  /** Of its proxy. */
  readonly generation?: string | undefined;
  /** Of the identity controller, which tells the proxies. */
  readonly told?: string | undefined;
  readonly anchor?: string | undefined;
};

/**
 * Asks these pods, as what they trust changes while they run; proxies of another make are judged by their environment.
 * Throws with those that have not come to the installed bundle, else with those whose certificate is of another anchor
 * than the issuer's.
 */
export async function expectTrust(target: Target, pods: readonly Pod[]): Promise<void> {
  const anchorsPem = await readAnchors(target);
  const bundle = readTrustBundle(anchorsPem);
  const answers = await inParallel(pods, (pod) => ask(target, pod));
  expectNone(
    "Some pods do not trust the current bundle yet, so the issuer is not to be replaced",
    answers.flatMap((answer) => {
      const problem = problemOf(answer, { anchorsPem, generation: bundle.generation });
      return problem === undefined ? [] : [`${nameOf(answer.pod)} ${problem}`.trim()];
    }),
  );
  const { crtPem } = await readCertificate(target, ISSUER_SECRET);
  const current = anchorOf(parseCertificates(crtPem), bundle);
  expectNone(
    "Some pods have a certificate of another trust anchor than the issuer's, which is not to be removed before they have renewed it",
    answers
      .filter(({ anchor }) => current !== undefined && anchor !== undefined && anchor !== current)
      .map(({ pod }) => nameOf(pod)),
  );
}

async function ask({ client }: Target, pod: Pod): Promise<Answer> {
  try {
    const label = labelsIn(await scrapeProxy(client, pod));
    const answer = {
      pod,
      reached: true,
      generation: label("control_identity_trust_bundle_info", "generation"),
      anchor: label("control_identity_cert_anchor_info", "anchor"),
    };
    if (pod.metadata?.labels?.[CONTROL_PLANE_COMPONENT] !== "identity") return answer;
    const controller = labelsIn(await scrape(client, { pod, port: IDENTITY_ADMIN_PORT }));
    return { ...answer, told: controller("identity_trust_bundle_info", "generation") };
  } catch {
    return { pod, reached: false };
  }
}

function labelsIn(text: string): (metric: string, label: string) => string | undefined {
  const samples = parseExposition(text);
  return (metric, label) => samples.find(({ name }) => name === metric)?.labels[label];
}

/** What is wrong with a pod's trust, in brackets; empty where its name says enough, undefined where all is well. */
function problemOf(
  { pod, reached, generation, told }: Answer,
  current: { readonly anchorsPem: string; readonly generation: string },
): string | undefined {
  if (!reached) return "(does not answer)";
  if (told !== undefined && told !== current.generation)
    return `(tells proxies of ${told} instead of ${current.generation}: see its log)`;
  if (generation !== undefined)
    return generation === current.generation ? undefined : `(trusts ${generation})`;
  const { value } = proxyOf(pod)?.env?.find(({ name }) => name === ANCHORS_VARIABLE) ?? {};
  if (value === undefined || value.trim() === current.anchorsPem.trim()) return undefined;
  return "(must be restarted)";
}
