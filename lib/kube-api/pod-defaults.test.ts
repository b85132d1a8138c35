import { expect, test } from "bun:test";
import { completePodSpec } from "./pod-defaults.ts";

test("completePodSpec() fills in what the API server does", () => {
  const spec = {
    containers: [
      {
        name: "a",
        image: "reg:5000/x",
        ports: [{ containerPort: 1 }],
        readinessProbe: { httpGet: { port: 1 } },
        env: [{ name: "n", valueFrom: { fieldRef: { fieldPath: "f" } } }],
      },
      { name: "b", image: "x:1", lifecycle: { preStop: { httpGet: { port: 1 } } } },
    ],
    volumes: [
      { name: "v", hostPath: { path: "/" } },
      { name: "p", projected: { sources: [{ serviceAccountToken: { path: "t" } }] } },
    ],
  };
  completePodSpec(spec);
  expect(spec).toMatchObject({
    restartPolicy: "Always",
    terminationGracePeriodSeconds: 30,
    dnsPolicy: "ClusterFirst",
    containers: [
      {
        imagePullPolicy: "Always",
        ports: [{ protocol: "TCP" }],
        readinessProbe: { periodSeconds: 10, httpGet: { scheme: "HTTP" } },
        env: [{ valueFrom: { fieldRef: { apiVersion: "v1" } } }],
      },
      { imagePullPolicy: "IfNotPresent" },
    ],
    volumes: [
      { hostPath: { type: "" } },
      {
        projected: {
          defaultMode: 420,
          sources: [{ serviceAccountToken: { expirationSeconds: 3600 } }],
        },
      },
    ],
  });
});
