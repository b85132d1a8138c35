import { expect, test } from "bun:test";
import { discoverResource } from "#lib/k8s/discovery.ts";
import { resourcePath } from "#lib/k8s/resource.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import { fakeCluster, metricsPath, type Outcome, runCommand } from "../../test/fake/cli.ts";
import {
  controlPlaneTexts,
  INSTALLED_MS,
  installed,
  TEXTS,
  without,
} from "../../test/fake/installed.ts";
import { FakeKubeApi } from "../../test/fake/kube-api.ts";
import { pod } from "../../test/fake/mesh-objects.ts";

const check = (words: readonly string[], objects: KubeObject[] = installed()): Promise<Outcome> =>
  runCommand(["check", ...words], {
    client: fakeCluster(objects, {
      ...TEXTS,
      ...controlPlaneTexts(),
      [metricsPath("default", "web")]:
        `control_identity_cert_expiration_timestamp_seconds ${INSTALLED_MS / 1000}\n`,
    }),
    wall: INSTALLED_MS,
  });

test("check asks everything, by category, and says that all is well", async () => {
  const { status, out } = await check([]);
  expect(status).toBe(0);
  expect(out).toStartWith(
    "kubernetes-api\n--------------\n√ can initialize the client\n√ can query the Kubernetes API\n\nkubernetes-version\n------------------\n√ is running the minimum Kubernetes API version\n\nlinkerd-existence\n",
  );
  expect(out).toContain(
    "√ issuer cert is issued by the trust anchor\n\nlinkerd-webhooks-and-apisvc-tls\n",
  );
  expect(out).toEndWith("\n\nStatus check results are √\n");
});

test("a failed check ends with its reason, a hint, and status 1", async () => {
  const { status, out, err } = await check(["--wait=3s"], without("Pod/linkerd-identity-1"));
  expect([status, err]).toEqual([1, ""]);
  expect(out).toEndWith(
    '× control plane pods are ready\n    No running pods for "linkerd-identity"\n    Look at the pod with kubectl describe and kubectl logs.\n    see https://linkerd.io/2/checks/#l5d-api-control-ready for hints\n\nStatus check results are ×\n',
  );
});

test("--proxy asks the data plane too; short shows problems only", async () => {
  const { status, out } = await check(
    ["--proxy", "-o", "short", "--wait", "0"],
    [...installed(), pod("web", { version: "1.0.0" })],
  );
  expect(status).toBe(1);
  expect(out).toStartWith(
    "linkerd-data-plane\n------------------\n× data plane proxies have valid certificates\n",
  );
  expect(out).toContain(
    "    some proxies are not running the current version:\n    \t* default/web (1.0.0)\n",
  );
  expect((await check(["-o", "short"])).out).toBe("Status check results are √\n");
});

test("JSON has Linkerd's keys", async () => {
  const { out } = await check(["-o", "json", "--crds"], []);
  expect(JSON.parse(out)).toMatchObject({
    success: false,
    categories: [
      {
        categoryName: "kubernetes-api",
        checks: [{ description: "can initialize the client", result: "success" }, {}],
      },
      { categoryName: "kubernetes-version" },
      {
        categoryName: "linkerd-crd",
        checks: [{ hint: "https://linkerd.io/2/checks/#l5d-existence-crd", result: "error" }],
      },
    ],
  });
});

test("--pre asks for permissions; a wrong wait is refused", async () => {
  expect((await check(["--pre", "--linkerd-cni-enabled"])).out).toContain(
    '× control plane namespace does not already exist\n    The "linkerd" namespace already exists\n',
  );
  expect((await check(["--wait", "soon"])).err).toContain("it is no duration");
});

test("check asks a real API server, over TLS, for what was installed there", async () => {
  const api = await FakeKubeApi.start();
  const send = async (
    path: string,
    call: { readonly method: string; readonly body: object },
  ): Promise<KubeObject> => {
    const response = await api.ask(path, {
      method: call.method,
      headers: { "content-type": "application/json" },
      body: JSON.stringify(call.body),
    });
    const answer = (await response.json()) as KubeObject;
    if (!response.ok) throw new Error(`Cannot ${call.method} ${path}: ${JSON.stringify(answer)}`);
    return answer;
  };
  try {
    const account = {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: "default", namespace: "linkerd" },
    };
    const all: (KubeObject & { status?: object })[] = installed();
    const namespaces = all.filter(({ kind }) => kind === "Namespace");
    for (const object of [
      ...namespaces,
      account,
      ...all.filter(({ kind }) => kind !== "Namespace"),
    ]) {
      const { apiVersion = "v1", kind = "", metadata } = object;
      const resource = await discoverResource(api.admin, { apiVersion, kind });
      if (resource === undefined) throw new Error(`Cannot create ${kind}: nobody serves it`);
      const path = resourcePath(resource, { namespace: metadata?.namespace });
      const created = await send(path, { method: "POST", body: { ...object, apiVersion } });
      if ("status" in object && object.status !== undefined)
        await send(`${path}/${metadata?.name}/status`, {
          method: "PUT",
          body: { ...created, status: object.status },
        });
    }
    const { status, out } = await runCommand(["check", "--wait", "0", "-o", "short"], {
      client: api.admin,
      wall: INSTALLED_MS,
    });
    expect(out).toBe("Status check results are √\n");
    expect(status).toBe(0);
  } finally {
    api.stop();
  }
});

test("--expected-version is what everything is to be of, --cli-version-override what this program is", async () => {
  const { status, out } = await check(["--expected-version", "2.0.0", "-o", "short"]);
  expect(status).toBe(0);
  expect(out).toContain(
    "linkerd-version\n---------------\n‼ cli is up-to-date\n    is running version 1.2.3 but 2.0.0 is expected\n",
  );
  expect(out).toContain("‼ control plane is up-to-date\n");
  expect(out).toContain("‼ control plane proxies are up-to-date\n");
  const other = await check(["--cli-version-override", "2.0.0", "-o", "short"]);
  expect(other.out).toContain("control plane running 1.2.3 but cli running 2.0.0");
});

test("what is waited for is shown meanwhile", async () => {
  const shown: string[] = [];
  await runCommand(["check", "--wait", "2s"], {
    client: fakeCluster(without("Pod/linkerd-identity-1"), TEXTS),
    wall: INSTALLED_MS,
    onProgress: (text) => void shown.push(text),
  });
  expect(shown).toContain('control plane pods are ready: No running pods for "linkerd-identity"');
});
