import { expect, test } from "bun:test";
import { createInject } from "./inject.ts";
import type { Manifest, Place } from "./workload.ts";

const at: Place = { document: { file: "a.yml", number: 1, line: 1, text: "" }, path: [] };
const deployment = (): Manifest => ({
  kind: "Deployment",
  metadata: { name: "web" },
  spec: { template: { spec: { containers: [] } } },
});

test("createInject() annotates the template once", () => {
  const inject = createInject({ annotations: { "config.linkerd.io/proxy-uid": "7" } });
  const web = deployment();
  expect(inject(web, at).changed).toBe(true);
  expect(JSON.stringify(web["spec"])).toBe(
    '{"template":{"metadata":{"annotations":{"linkerd.io/inject":"enabled","config.linkerd.io/proxy-uid":"7"}},"spec":{"containers":[]}}}',
  );
  expect(inject(web, at).changed).toBe(false);
});

test("createInject() by hand leaves the proxy to who adds it", () => {
  const owners: unknown[] = [];
  const inject = createInject({
    annotations: {},
    manual: (template, owner) => {
      owners.push(owner.metadata?.name);
      template.spec.initContainers = [{ name: "linkerd-proxy" }];
    },
  });
  const web = deployment();
  expect(inject(web, at).report.result).toBe("injected");
  expect(inject(web, at).changed).toBe(true);
  expect(owners).toEqual(["web", "web"]);
  expect(JSON.stringify(web)).not.toContain("linkerd.io/inject");
});
