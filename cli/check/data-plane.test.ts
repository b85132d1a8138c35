import { expect, test } from "bun:test";
import { metricsPath } from "../../test/fake/cli.ts";
import {
  controlPlaneTexts,
  findings,
  INSTALLED_MS,
  installed,
  TRUST,
  trustOf,
} from "../../test/fake/installed.ts";
import { pod } from "../../test/fake/mesh-objects.ts";
import { CONTROL_PLANE_PROXY, DATA_PLANE } from "./data-plane.ts";

const [identity, proxies] = DATA_PLANE;
if (identity === undefined || proxies === undefined)
  throw new Error("Cannot test: categories are gone");

const expires = (seconds: number): string =>
  `control_identity_cert_expiration_timestamp_seconds ${seconds}\n`;
const trust = trustOf(TRUST);
const texts = { [metricsPath("default", "web")]: expires(INSTALLED_MS / 1000 + 2 * 86_400) };

test("proxies that are ready, certified and current are well", async () => {
  const objects = [...installed(), pod("web")];
  const asked = { ...controlPlaneTexts(), [metricsPath("default", "web")]: trust };
  expect(await findings(identity, { objects, texts: asked })).toEqual({});
  expect(await findings(proxies, { objects, texts })).toEqual({});
  expect(await findings(CONTROL_PLANE_PROXY)).toEqual({});
});

test("no namespace, no proxies, proxies that are not ready, expired or old are told", async () => {
  expect(Object.values(await findings(proxies, { namespace: "shop" }))).toEqual([
    'The "shop" namespace does not exist',
  ]);
  expect(Object.values(await findings(proxies))).toEqual(['No "linkerd-proxy" containers found']);
  const waiting = [...installed(), pod("web", { ready: false })];
  expect(Object.values(await findings(proxies, { objects: waiting }))).toEqual([
    'container "linkerd-proxy" in pod "web" is not ready',
  ]);
  const old = [...installed(), pod("web", { version: "1.0.0" })];
  const expired = { [metricsPath("default", "web")]: expires(1) };
  expect(await findings(proxies, { objects: old, texts: expired })).toEqual({
    "error: data plane proxies have valid certificates":
      "Some proxies have no valid certificate:\n\t* default/web",
    "warning: data plane and cli versions match":
      "some proxies are not running the current version:\n\t* default/web (1.0.0)",
  });
});

test("proxies of the control plane that are of another version than this program are a warning", async () => {
  expect(Object.keys(await findings(CONTROL_PLANE_PROXY, { version: "9" }))).toEqual([
    "warning: control plane proxies and cli versions match",
  ]);
});
