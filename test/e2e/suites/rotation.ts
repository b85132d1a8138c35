/** Trust anchor and issuer are replaced while the application runs, and no pod is restarted. */

import { mkdirSync, writeFileSync } from "node:fs";
import { createCertificates } from "../../../deploy/certificates.ts";
import { underLoad } from "../load.ts";
import { controlPlaneRolled, ensureMeshedShop, expectGreen, ROLLED, webPods } from "../mesh.ts";
import type { Place } from "../place.ts";
import { eventually } from "../shell.ts";
import { expectThat, type Suite } from "../suite.ts";

const DIR = new URL("../../../dist/e2e/rotation", import.meta.url).pathname;
/** Certificates of proxies that last so long are renewed while the suite watches. */
const LIFETIME = "2m";
const SECONDS = 180;
/** A kubelet brings a changed ConfigMap to a pod within 90 s, and a proxy renews after 70 % of its certificate's life. */
const STEP_SECONDS = 180;

/** What a user gets from whoever keeps the authorities: the anchors of before and of now, and an issuer of now. */
async function newAuthority(place: Place): Promise<void> {
  const old = await place.shell(
    "kubectl -n linkerd get cm linkerd-identity-trust-roots -o jsonpath='{.data.ca-bundle\\.crt}'",
  );
  const { anchorsPem, issuer } = createCertificates({
    namespace: "linkerd",
    trustDomain: "cluster.local",
    nowMs: Date.now(),
  });
  mkdirSync(DIR, { recursive: true });
  writeFileSync(`${DIR}/both.pem`, `${old.trim()}\n${anchorsPem}`);
  writeFileSync(`${DIR}/new.pem`, anchorsPem);
  writeFileSync(`${DIR}/issuer.crt`, issuer.crtPem);
  writeFileSync(`${DIR}/issuer.key`, issuer.keyPem, { mode: 0o600 });
}

async function shortenLives(place: Place): Promise<void> {
  await ensureMeshedShop(place);
  const upgrade = `bunkerd upgrade --identity-issuance-lifetime=${LIFETIME} | kubectl apply -f -`;
  // Whoever starts while the identity service of before still answers has a certificate for a day.
  for (const line of [upgrade, "kubectl -n linkerd rollout restart deploy"]) {
    await place.shell(line);
    await controlPlaneRolled(place);
  }
  await place.shell(`kubectl -n shop rollout restart deploy/web && ${ROLLED}`);
  await eventually("the pods of before are gone", 60, async () => {
    const pods = await webPods(place);
    expectThat(pods.length === 2, `there are ${pods.length}`);
  });
  await newAuthority(place);
}

/** In this order, each once `check --proxy` has said that the one before has arrived everywhere. */
const STEPS = [
  `--identity-trust-anchors-file ${DIR}/both.pem`,
  `--identity-issuer-certificate-file ${DIR}/issuer.crt --identity-issuer-key-file ${DIR}/issuer.key`,
  `--identity-trust-anchors-file ${DIR}/new.pem`,
];

async function rotate(place: Place): Promise<void> {
  const before = await podsWithRestarts(place);
  await underLoad(place, { name: "rotation", seconds: SECONDS }, async () => {
    for (const step of STEPS) {
      await place.shell(`bunkerd upgrade ${step} | kubectl apply -f -`);
      await eventually(`all pods have followed ${step}`, STEP_SECONDS, () =>
        expectGreen(place, "--proxy"),
      );
    }
  });
  const after = await podsWithRestarts(place);
  expectThat(after === before, `pods were:\n${before}\nand are:\n${after}`);
}

/** Pods of control plane and application with their containers' restarts. */
const podsWithRestarts = async (place: Place): Promise<string> => {
  const line = (namespace: string): string =>
    `kubectl -n ${namespace} get pods --field-selector=status.phase=Running -o jsonpath='{range .items[*]}{.metadata.name}{" "}{.status.initContainerStatuses[*].restartCount}{" "}{.status.containerStatuses[*].restartCount}{"\\n"}{end}'`;
  const pods = `${await place.shell(line("linkerd"))}${await place.shell(line("shop"))}`;
  return pods
    .split("\n")
    .filter((each) => each !== "" && !each.startsWith("rotation-"))
    .toSorted()
    .join("\n");
};

async function identitiesAreShown(place: Place): Promise<void> {
  const text = await place.shell("bunkerd identity -n shop -l app=web");
  const names = text.match(/DNS:default\.shop\.serviceaccount\.identity\.linkerd\.cluster\.local/g);
  expectThat(names?.length === 2, text);
}

/** The suite. */
export const ROTATION: Suite = {
  name: "rotation",
  cases: [
    { name: "the mesh is there, with certificates of short lives", run: shortenLives },
    { name: "anchor and issuer are replaced, nothing is lost and no pod restarted", run: rotate },
    { name: "identity prints what proxies show", run: identitiesAreShown },
  ],
};
