/** A kubeconfig for an instance's API. */

/** Text that kubectl and every client library read; JSON is YAML. */
export function kubeconfig(
  instance: string,
  access: { readonly server: string; readonly ca: string; readonly token: string },
): string {
  const name = `bunkerd-${instance}`;
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": name,
    clusters: [
      {
        name,
        cluster: {
          server: access.server,
          "certificate-authority-data": Buffer.from(access.ca).toString("base64"),
        },
      },
    ],
    users: [{ name, user: { token: access.token } }],
    contexts: [{ name, context: { cluster: name, user: name, namespace: "default" } }],
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}

/** Reads back what `kubeconfig` wrote. */
export function accessOf(text: string): {
  readonly server: string;
  readonly ca: string;
  readonly token: string;
} {
  const { clusters, users } = JSON.parse(text) as {
    readonly clusters: [{ readonly cluster: Readonly<Record<string, string>> }];
    readonly users: [{ readonly user: { readonly token: string } }];
  };
  const { cluster } = clusters[0];
  return {
    server: cluster["server"] ?? "",
    ca: Buffer.from(cluster["certificate-authority-data"] ?? "", "base64").toString(),
    token: users[0].user.token,
  };
}
