import { expect, test } from "bun:test";
import { findings, installed } from "../../test/fake/installed.ts";
import { pod } from "../../test/fake/mesh-objects.ts";
import { MARKS } from "./marks.ts";

const category = { name: "linkerd-data-plane", checks: MARKS };

test("labels and annotations that nobody reads where they are are told", async () => {
  expect(await findings(category)).toEqual({});
  const objects = [
    ...installed(),
    pod("web", { labels: { "config.linkerd.io/skip-inbound-ports": "80" } }),
    {
      kind: "Service",
      metadata: {
        name: "web",
        namespace: "default",
        labels: { "config.linkerd.io/opaque-ports": "80", "mirror.linkerd.io/exported": "true" },
        annotations: { "mirror.linkerd.io/exported": "true" },
      },
    },
  ];
  expect(await findings(category, { objects })).toEqual({
    "warning: data plane pod labels are configured correctly":
      "Some labels on data plane pods should be annotations:\n\t* default/web: config.linkerd.io/skip-inbound-ports",
    "warning: data plane service labels are configured correctly":
      "Some labels on data plane services should be annotations:\n\t* default/web: config.linkerd.io/opaque-ports",
    "warning: data plane service annotations are configured correctly":
      "Some annotations on data plane services should be labels:\n\t* default/web: mirror.linkerd.io/exported",
  });
});
