import { expect, test } from "bun:test";
import { fakeValues } from "../../test/fake/values.ts";
import { proxyContainer, proxyVolumes } from "./proxy-container.ts";
import { settingsOf } from "./settings.ts";

const container = (
  pod: Record<string, string>,
  traced = false,
): ReturnType<typeof proxyContainer> =>
  proxyContainer(settingsOf(fakeValues(), { pod, namespace: undefined }), {
    env: [],
    graceSeconds: 30,
    traced,
  });
const classic = { "config.linkerd.io/proxy-enable-native-sidecar": "false" };
const unawaited = { "config.linkerd.io/proxy-await": "disabled" };
const wait = "config.alpha.linkerd.io/proxy-wait-before-exit-seconds";

test("INJ10: an ordinary container holds those behind it up until it is ready, at the port that it has", () => {
  const hook = (pod: Record<string, string>): unknown => container(pod).lifecycle;
  const ready = (port: number) => ({
    postStart: {
      exec: { command: ["/usr/lib/linkerd/linkerd-await", "--timeout=2m", `--port=${port}`] },
    },
  });
  expect(hook(classic)).toEqual(ready(4191));
  expect(hook({ ...classic, "config.linkerd.io/admin-port": "4999" })).toEqual(ready(4999));
  expect(hook({ ...classic, [wait]: "5" })).toEqual({
    ...ready(4191),
    preStop: { sleep: { seconds: 5 } },
  });
  expect([hook({ ...classic, ...unawaited }), hook({})]).toEqual([undefined, undefined]);
});

test("INJ10: an ordinary container waits before it ends, no longer than the pod may take", () => {
  const hook = (seconds: string): unknown =>
    container({ ...classic, ...unawaited, [wait]: seconds }).lifecycle;
  expect([hook("0"), hook("5"), hook("90"), hook("x")]).toEqual([
    undefined,
    { preStop: { sleep: { seconds: 5 } } },
    { preStop: { sleep: { seconds: 30 } } },
    undefined,
  ]);
  const native = container({ [wait]: "5" });
  expect([native.lifecycle, native.restartPolicy]).toEqual([undefined, "Always"]);
});

test("local storage is asked for by annotation", () => {
  const name = "config.linkerd.io/proxy-ephemeral-storage-limit";
  expect(container({ [name]: "1Gi" }).resources).toEqual({
    limits: { "ephemeral-storage": "1Gi" },
  });
});

test.each([false, true])(
  "proxyVolumes() are those that the container mounts, traced: %p",
  (traced) => {
    expect(proxyVolumes(traced).map(({ name }) => name)).toEqual(
      (container({}, traced).volumeMounts ?? []).map(({ name }) => name),
    );
  },
);
