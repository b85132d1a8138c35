/** Our image where a genuine control plane expects its proxy: it sends every kind of message once, and refuses what a genuine one refuses. */

import { afterAll, beforeAll, expect, test } from "bun:test";
import { DestinationProfileSchema, UpdateSchema } from "#lib/api/gen/proxy/destination_pb.ts";
import { CertifyResponseSchema } from "#lib/api/gen/proxy/identity_pb.ts";
import { ServerSchema } from "#lib/api/gen/proxy/inbound_pb.ts";
import { OutboundPolicySchema } from "#lib/api/gen/proxy/outbound_pb.ts";
import { APP_PORTS, Bed } from "./bed.ts";
import { kindsOf } from "./kinds.ts";
import { first, forwardTo, http1 } from "./messages.ts";
import { type Ended, PROXY_UID } from "./place.ts";
import { reaches, type Scene } from "./scene.ts";
import { FILTERS } from "./scenes/filters.ts";
import { GRPC } from "./scenes/grpc.ts";
import { INBOUND } from "./scenes/inbound.ts";
import { PEERS } from "./scenes/peers.ts";
import { PROFILES } from "./scenes/profiles.ts";
import { RELIABILITY } from "./scenes/reliability.ts";
import { ROUTES } from "./scenes/routes.ts";
import { STREAMS } from "./scenes/streams.ts";

const NEEDS = ["ip", "nft", "setpriv", "curl", "openssl", "unshare", "chroot", "tar"];
const HERE = process.getuid?.() === 0 && NEEDS.every((program) => Bun.which(program) !== null);
const why = HERE ? "" : ` (needs root, ${NEEDS.join(", ")})`;
/** The image is built, and a scene waits for queues that fail. */
const LIMIT_MS = 60_000;
const PACKAGE = "/io.linkerd.proxy.";
/** All that a control plane may say. */
const SAID = [
  DestinationProfileSchema,
  UpdateSchema,
  OutboundPolicySchema,
  ServerSchema,
  CertifyResponseSchema,
];

/** Who is asked once the proxy's streams have ended. */
const AGAIN: Scene = {
  name: "P22, J2: streams that end are opened again, and what they said holds meanwhile",
  run: async ({ plane }) => {
    const [service, endpoint] = ["10.77.1.250", "10.77.2.250"];
    bed.endpoint(endpoint);
    plane.sayOutbound(
      `${service}:80`,
      http1({ backends: first({ backend: forwardTo(endpoint) }) }),
    );
    await reaches(bed, service, endpoint);
    const before = plane.called.length;
    plane.endStreams();
    await reaches(bed, service, endpoint);
    await bed.until(
      () =>
        APP_PORTS.every((port) => plane.ports.count(String(port)) === 1) &&
        plane.outbound.count() > 0,
      "streams that ended are not opened again",
    );
    expect(plane.called.length).toBeGreaterThan(before);
  },
};

const SCENES: readonly Scene[] = [
  ...[...ROUTES, ...FILTERS, ...RELIABILITY, ...GRPC, ...STREAMS],
  ...[...PROFILES, ...PEERS, ...INBOUND],
  AGAIN,
];

let bed: Bed;
/** How the pod came up. */
let started: { readonly redirected: Ended; readonly validated: Ended; readonly awaited: Ended };
/** Every scene runs once, whoever asks for it first: tests come in any order. */
const played = new Map<Scene, Promise<void>>();

function play(scene: Scene): Promise<void> {
  const playing = played.get(scene) ?? scene.run(bed);
  played.set(scene, playing);
  return playing;
}

/** Plays all that are left, one after the other. */
async function playAll(): Promise<void> {
  for (const scene of SCENES) await play(scene);
}

beforeAll(async () => {
  if (!HERE) return;
  bed = await Bed.make();
  const redirected = await bed.redirect();
  const validated = await bed.validate();
  started = { redirected, validated, awaited: await bed.startProxy() };
}, LIMIT_MS);
afterAll(() => bed?.stop());

const run = (name: string, work: () => void | Promise<void>): void =>
  test.skipIf(!HERE)(`${name}${why}`, work, LIMIT_MS);

run(
  "INJ13: linkerd2-proxy-init redirects as uid 65534, and linkerd2-network-validator finds it done",
  () => {
    expect(started.redirected).toMatchObject({ exit: 0, output: "Redirected by nft\n" });
    expect(started.validated).toMatchObject({ exit: 0 });
  },
);

run(
  "INJ13, P56: linkerd2-proxy-identity is ready by Linkerd's own variables, and linkerd-await says so",
  () => {
    expect(started.awaited).toEqual({ exit: 0, output: "" });
    const { called } = bed.plane;
    expect(called[0]).toBe(`${PACKAGE}identity.Identity/Certify`);
    // What only our own control plane has is asked for once, and not again where it is unknown.
    expect(called.filter((path) => !path.startsWith(PACKAGE)).length).toBeLessThanOrEqual(1);
  },
);

run("INJ13: the image has a sleep, for hooks of containers", async () => {
  const slept = await bed.place.run(["/bin/sleep", "0.01"], { uid: PROXY_UID });
  expect(slept).toEqual({ exit: 0, output: "" });
});

for (const scene of SCENES) run(scene.name, () => play(scene));

run(
  "every field of every message was sent, and nothing was asked that a genuine control plane refuses",
  async () => {
    await playAll();
    const all = new Set(SAID.flatMap((schema) => [...kindsOf(schema)]));
    expect([...all.difference(bed.plane.sent)]).toEqual([]);
    expect(bed.plane.violations).toEqual([]);
  },
);

run("P57: a proxy that is told to end does, with 0", async () => {
  await playAll();
  expect(await bed.endProxy()).toBe(0);
});
