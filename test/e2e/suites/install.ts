/** From an empty cluster to a meshed application, by the commands of the README. */

import { expectNothingLost, startLoad } from "../load.ts";
import {
  deployShop,
  expectGreen,
  INJECT,
  install,
  ROLLED,
  shopIsBare,
  UNINJECT,
  webPods,
} from "../mesh.ts";
import type { Below, Place } from "../place.ts";
import { eventually } from "../shell.ts";
import { expectThat, type Suite } from "../suite.ts";

/** Rolls the application by a command under load from a caller inside the mesh or outside. */
async function roll(
  place: Place,
  command: string,
  caller: { readonly meshed: boolean },
): Promise<void> {
  const load = await startLoad(place, {
    ...{
      name: caller.meshed ? "meshed" : "outside",
      namespace: caller.meshed ? "shop" : "default",
    },
    ...{ service: "web", path: "/", rate: 100, seconds: 40, meshed: caller.meshed },
  });
  await place.shell(`${command} && ${ROLLED}`);
  expectNothingLost(await load.result());
}

async function podsAreMeshed(place: Place): Promise<void> {
  const pods = (await webPods(place)).filter(
    ({ metadata }) => metadata.deletionTimestamp === undefined,
  );
  expectThat(pods.length === 2, `there are ${pods.length} pods`);
  for (const { initContainers = [], containers } of pods.map(({ spec }) => spec)) {
    const [proxy, ...others] = initContainers;
    expectThat(proxy?.name === "linkerd-proxy" && proxy.restartPolicy === "Always", "no sidecar");
    expectThat(others.length === 0, `init containers: ${others.map(({ name }) => name)}`);
    const added = [...initContainers, ...containers].flatMap(
      ({ securityContext }) => securityContext?.capabilities?.add ?? [],
    );
    expectThat(added.length === 0, `capabilities: ${added}`);
  }
}

const CAPTURE = "/tmp/bunkerd-e2e.pcap";
/** Returns once the capture has begun, which the file shows, with the process to end. */
const START_CAPTURE = `rm -f ${CAPTURE}
tcpdump -i switch -U -w ${CAPTURE} tcp >/dev/null 2>&1 </dev/null &
for try in $(seq 100); do [ -s ${CAPTURE} ] && break; sleep 0.05; done
echo $!`;
/** Where nobody waits for it, the process stays as a zombie when it has ended. */
const END_CAPTURE = `kill $PROCESS
for try in $(seq 200); do grep -q '^State:.*[SRD] ' /proc/$PROCESS/status || break; sleep 0.05; done
tcpdump -A -n -r ${CAPTURE} 2>/dev/null
rm ${CAPTURE}`;

/** A meshed caller: its requests go to proxies, and nothing readable of them passes between nodes. */
async function callsAreEncrypted(place: Place, { onSwitch }: Below): Promise<void> {
  const capture = (await onSwitch(START_CAPTURE)).trim();
  const load = await startLoad(place, {
    ...{ name: "inside", namespace: "shop", service: "web", path: "/headers" },
    ...{ rate: 50, seconds: 5, meshed: true },
  });
  expectNothingLost(await load.result());
  const text = await onSwitch(`PROCESS=${capture}\n${END_CAPTURE}`);
  expectThat(text.includes(".4143"), "no packet to a proxy was seen");
  expectThat(!text.includes("GET /headers"), "a request passed in the clear");
}

/** Each kind of webhook, with an object that it refuses, and why. */
const REFUSED = [
  [
    { apiVersion: "policy.linkerd.io/v1alpha1", kind: "NetworkAuthentication" },
    { networks: [{ cidr: "10.0.0.0/33" }] },
    '"linkerd-policy-validator.linkerd.io" denied the request: spec.networks[0].cidr',
  ],
  [
    { apiVersion: "linkerd.io/v1alpha2", kind: "ServiceProfile" },
    { routes: [{ name: "all", condition: { pathRegex: "/(" } }] },
    '"linkerd-sp-validator.linkerd.io" denied the request: spec.routes[0].condition.pathRegex',
  ],
] as const;

/** Seconds until the API server and the node before it have heard of a webhook that has just been installed. */
const WEBHOOK_SECONDS = 20;

/**
 * The API server asks the webhooks that validate, and kubectl tells what they say. Without `--ha` one that cannot be
 * called lets all in, as for a moment after it was installed.
 */
async function mistakesAreRefused(place: Place): Promise<void> {
  for (const [type, spec, why] of REFUSED) {
    const metadata = { name: "web.default.svc.cluster.local" };
    const input = JSON.stringify({ ...type, metadata, spec });
    await eventually("a mistake is refused", WEBHOOK_SECONDS, async () => {
      const apply = "kubectl -n default apply --dry-run=server -f - 2>&1 || true";
      const said = await place.shell(apply, { input });
      expectThat(said.includes(why), said);
    });
  }
}

/** The suite. */
export const INSTALL: Suite = {
  name: "install",
  cases: [
    { name: "the README's commands install the mesh on an empty cluster", run: install },
    { name: "check is all green", run: (place) => expectGreen(place) },
    { name: "policies and profiles with a mistake are refused", run: mistakesAreRefused },
    { name: "an application runs without it", run: deployShop },
    {
      name: "inject rolls a live application in and loses nothing",
      run: (place) => roll(place, INJECT, { meshed: false }),
    },
    { name: "its pods have no init container and no capability", run: podsAreMeshed },
    { name: "calls between nodes are encrypted", runBelow: callsAreEncrypted },
    { name: "check --proxy is all green", run: (place) => expectGreen(place, "--proxy") },
    {
      name: "uninject rolls it out again, and meshed callers lose nothing",
      run: (place) => roll(place, UNINJECT, { meshed: true }),
    },
    { name: "its pods are as they were", run: shopIsBare },
  ],
};
