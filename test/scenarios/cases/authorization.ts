/** Who may call the pods of a Server: by identity, by network, by older kinds of objects (INB4 to INB8, P46). */

import { ALL, identity, letThrough, MESHED, required, type Statuses } from "../callers.ts";
import {
  authorization,
  byAccount,
  byMeshTls,
  byNetwork,
  type Manifest,
  meshTls,
  network,
  server,
  serverAuthorization,
  toServer,
} from "../objects.ts";
import type { Place } from "../place.ts";
import type { Scenario } from "../scenario.ts";
import { NAMESPACE } from "../workloads.ts";

/** A Server of a port of its own, and what lets callers through. */
const guarded = (
  name: string,
  wanted: Statuses,
  objects: (place: Place) => readonly Manifest[],
  more: Pick<Scenario, "quick"> = {},
): Scenario => ({
  ...{ name, ...more },
  run: async (world) => {
    const place = world.place({ own: true });
    await world.apply(place.service, server(place.name, place.http), ...objects(place));
    await letThrough(world, place, wanted);
  },
});

const byIdentity = (
  name: string,
  wanted: Statuses,
  spec: object,
  more: Pick<Scenario, "quick"> = {},
): Scenario =>
  guarded(
    name,
    wanted,
    (place) => [meshTls(place.name, spec), required(place, byMeshTls(place.name))],
    more,
  );

const older = (name: string, wanted: Statuses, client: object): Scenario =>
  guarded(name, wanted, (place) => [
    serverAuthorization(place.name, { server: { name: place.name }, client }),
  ]);

/** Networks that have no pod. */
const NOBODY = [{ cidr: "203.0.113.0/24" }, { cidr: "2001:db8:113::/48" }];
const EVERYBODY = [{ cidr: "0.0.0.0/0" }, { cidr: "::/0" }];
const OTHERS = [
  { cidr: "0.0.0.0/0", except: ["10.0.0.0/8"] },
  { cidr: "::/0", except: ["fd00::/8"] },
];

/** Scenarios of authorization. */
export const AUTHORIZATION: readonly Scenario[] = [
  guarded("INB4, P46: a Server alone lets nobody through", {}, () => [], { quick: true }),
  byIdentity(
    "INB6, P45: one identity is let through, and no other",
    { client: 200 },
    { identities: [identity("client")] },
    { quick: true },
  ),
  byIdentity("INB6: * is whoever is meshed", MESHED, { identities: ["*"] }),
  byIdentity(
    "INB6: a suffix is of a namespace",
    { client: 200, other: 200 },
    {
      identities: ["*.scenario.serviceaccount.identity.linkerd.cluster.local"],
    },
  ),
  byIdentity(
    "INB6: several identities, of several namespaces",
    { other: 200, stranger: 200 },
    {
      identities: [identity("other"), identity("stranger", "elsewhere")],
    },
  ),
  byIdentity(
    "INB6: a reference to a ServiceAccount is its identity",
    { other: 200 },
    {
      identityRefs: [{ kind: "ServiceAccount", name: "other" }],
    },
  ),
  byIdentity(
    "INB6: a reference to a Namespace is all identities of it",
    { stranger: 200 },
    {
      identityRefs: [{ kind: "Namespace", name: "elsewhere" }],
    },
  ),
  guarded("INB6: an authorization names a ServiceAccount itself", { client: 200 }, (place) => [
    required(place, byAccount("client")),
  ]),
  guarded("INB6: a ServiceAccount of another namespace", { stranger: 200 }, (place) => [
    required(place, byAccount("stranger", "elsewhere")),
  ]),
  guarded(
    "INB6: several authorizations let through whoever one of them lets",
    { client: 200, other: 200 },
    (place) => [
      required(place, byAccount("client")),
      authorization(`${place.name}-b`, toServer(place.name), [byAccount("other")]),
    ],
  ),
  guarded("INB6: a network lets through meshed or not", ALL, (place) => [
    network(place.name, EVERYBODY),
    required(place, byNetwork(place.name)),
  ]),
  guarded("INB6: a network without callers lets nobody through", {}, (place) => [
    network(place.name, NOBODY),
    required(place, byNetwork(place.name)),
  ]),
  guarded("INB6: what a network excepts is not let through", {}, (place) => [
    network(place.name, OTHERS),
    required(place, byNetwork(place.name)),
  ]),
  guarded("INB6: network and identity must both hold", { client: 200 }, (place) => [
    ...[meshTls(place.name, { identities: [identity("client")] }), network(place.name, EVERYBODY)],
    required(place, byMeshTls(place.name), byNetwork(place.name)),
  ]),
  guarded("INB6: an identity from another network is not let through", {}, (place) => [
    ...[meshTls(place.name, { identities: ["*"] }), network(place.name, NOBODY)],
    required(place, byMeshTls(place.name), byNetwork(place.name)),
  ]),
  guarded("INB6: an authentication that is not there lets nobody through", {}, (place) => [
    required(place, byMeshTls("nobody")),
  ]),
  {
    name: "INB6: an authorization of a Namespace is for all of its Servers",
    run: async (world) => {
      const [one, two] = [world.place({ own: true }), world.place({ own: true })];
      await world.apply(
        ...[one, two].flatMap((place) => [place.service, server(place.name, place.http)]),
        authorization(one.name, { kind: "Namespace", name: NAMESPACE }, [byAccount("client")]),
      );
      for (const place of [one, two]) await letThrough(world, place, { client: 200 });
    },
  },
  older(
    "INB6, INB7: a ServerAuthorization by service accounts",
    { client: 200 },
    {
      meshTLS: { serviceAccounts: [{ name: "client" }] },
    },
  ),
  older(
    "INB6: a ServerAuthorization by identities",
    { other: 200, client: 200 },
    {
      meshTLS: { identities: ["*.scenario.serviceaccount.identity.linkerd.cluster.local"] },
    },
  ),
  older("INB6: a ServerAuthorization for whoever is not meshed, too", ALL, {
    unauthenticated: true,
  }),
  older(
    "INB6: a ServerAuthorization of networks",
    {},
    {
      unauthenticated: true,
      networks: NOBODY,
    },
  ),
  {
    name: "INB6: a ServerAuthorization takes Servers by their labels",
    run: async (world) => {
      const place = world.place({ own: true });
      const labelled = server(place.name, place.http);
      const labels = { part: place.name };
      const spec = {
        server: { selector: { matchLabels: labels } },
        client: { meshTLS: { identities: ["*"] } },
      };
      await world.apply(
        ...[place.service, { ...labelled, metadata: { ...labelled.metadata, labels } }],
        serverAuthorization(place.name, spec),
      );
      await letThrough(world, place, MESHED);
    },
  },
];
