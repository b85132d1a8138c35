/** Which lists are merged by key, for strategic merge patches and server-side apply. */

/** The fields that name an element; `set` for a set of scalars; undefined for a list replaced as a whole. */
export type ListKind = readonly string[] | "set" | undefined;

/** Says how the list at a path of field names (without list elements) is merged. */
export type ListKinds = (path: readonly string[]) => ListKind;

/** Keys that hold for a field of this name wherever it stands. */
const BY_NAME: Readonly<Record<string, ListKind>> = {
  containers: ["name"],
  initContainers: ["name"],
  ephemeralContainers: ["name"],
  volumes: ["name"],
  env: ["name"],
  volumeMounts: ["mountPath"],
  volumeDevices: ["devicePath"],
  imagePullSecrets: ["name"],
  hostAliases: ["ip"],
  topologySpreadConstraints: ["topologyKey"],
  conditions: ["type"],
  ownerReferences: ["uid"],
  finalizers: "set",
  webhooks: ["name"],
  podIPs: ["ip"],
  secrets: ["name"],
  taints: ["key"],
};

/** Lists of the built-in kinds. Service and container ports have keys; those of EndpointSlices have none. */
export function builtInLists(kind: string): ListKinds {
  return (path) => {
    const name = path.at(-1) ?? "";
    if (name === "ports") {
      if (path.includes("containers") || path.includes("initContainers"))
        return ["containerPort", "protocol"];
      return kind === "Service" ? ["port", "protocol"] : undefined;
    }
    if (name === "addresses") return kind === "Node" ? ["type"] : undefined;
    return BY_NAME[name];
  };
}

/** Values of key fields that clients leave out. */
const KEY_DEFAULTS: Readonly<Record<string, unknown>> = { protocol: "TCP" };

/** What names an element; two elements with the same text are one. */
export function keyOfElement(
  element: Readonly<Record<string, unknown>>,
  keys: readonly string[],
): string {
  const entries = keys
    .toSorted()
    .map((name) => [name, element[name] ?? KEY_DEFAULTS[name]] as const);
  return JSON.stringify(Object.fromEntries(entries));
}
