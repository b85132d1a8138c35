import { expect, test } from "bun:test";
import { writeExposition } from "#lib/metrics/exposition.ts";
import { Registry } from "#lib/metrics/registry.ts";
import type { ProfileQuery } from "../core/catalog.ts";
import type { Profile } from "../core/profile.ts";
import { profileFollowers } from "./profile-followers.ts";

function setUp(first: Profile | undefined) {
  const registry = new Registry();
  let profile = first;
  const followers = profileFollowers(registry, {
    profiles: { profile: () => profile },
    clusterDomain: "cluster.local",
  });
  return {
    followers,
    become: (next: Profile) => {
      profile = next;
    },
    told: () => writeExposition(registry, { nowMs: 0, retainIdleMs: 1 }),
  };
}
const service = (name: string): Profile => ({
  ...{ type: "service", name, namespace: "shop", port: 80, opaque: false, profile: undefined },
});
const address = (client: string): ProfileQuery => ({
  target: { type: "address", ip: "10.1.0.1", port: 80 },
  client,
});

test("CPM1: who asks for a Service's profile follows the Service, and a ServiceProfile in both namespaces", () => {
  const { followers, become, told } = setUp(service("web"));
  const [own, other] = [address("shop"), address("front")];
  for (const query of [own, own, other]) followers.joined(query);
  const profile = 'profile="web.shop.svc.cluster.local"';
  expect(told()).toContain('service_subscribers{namespace="shop",name="web"} 3\n');
  expect(told()).toContain(`profile_subscribers{namespace="shop",${profile}} 3\n`);
  expect(told()).toContain(`profile_subscribers{namespace="front",${profile}} 1\n`);
  followers.changed(own);
  expect(told()).toContain(`profile_updates{namespace="shop",${profile}} 1\n`);
  // Whoever leaves is taken from where it was counted, whatever the address belongs to now.
  become(service("api"));
  for (const query of [own, other, own]) followers.left(query);
  expect(told()).toContain('service_subscribers{namespace="shop",name="web"} 0\n');
  expect(told()).not.toContain('name="api"');
  followers.left(own);
  followers.changed(own);
  expect(told()).toContain(`profile_updates{namespace="shop",${profile}} 1\n`);
});

test("CPM1: who asks for an address, or a pod by its name, follows a workload", () => {
  const endpoint = { ip: "10.2.0.1", port: 8080 };
  const { followers, told } = setUp({ type: "endpoint", endpoint, opaque: false } as Profile);
  const named: ProfileQuery = {
    client: "",
    target: { type: "service", name: "db", namespace: "shop", port: 80, instance: "db-0" },
  };
  followers.joined(address(""));
  followers.joined(named);
  followers.changed(named);
  expect(told()).toContain('workload_subscribers{ip="10.1.0.1",port="80"} 1\n');
  expect(told()).toContain('workload_subscribers{ip="10.2.0.1",port="8080"} 1\n');
  expect(told()).toContain('workload_updates{ip="10.2.0.1",port="8080"} 1\n');
});

test.each<Profile | undefined>([
  { type: "empty" },
  { type: "conflict", ip: "10.1.0.1" },
  undefined,
])("of %j nobody follows anything", (profile) => {
  const { followers, told } = setUp(profile);
  followers.joined(address("shop"));
  followers.left(address("shop"));
  expect(told()).not.toContain("subscribers{");
});
