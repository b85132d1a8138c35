/** What the evaluator and the real path are both given: objects as users write them, and a call. */

/** A reference to an object. */
export type Ref = {
  readonly group?: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
  readonly port?: number;
};

/** A label selector. */
export type Selector = {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
};

/** Networks with their holes. */
export type Networks = readonly { readonly cidr: string; readonly except?: readonly string[] }[];

/** A rule of a route. */
export type Rule = {
  readonly matches?: readonly {
    readonly path?: { readonly type: string; readonly value: string };
    readonly method?: string;
    readonly headers?: readonly { readonly name: string; readonly value: string }[];
  }[];
  readonly filters?: readonly { readonly type: string }[];
};

/** Fields of all specs together. */
export type Spec = {
  readonly podSelector?: Selector;
  readonly port?: number | string;
  readonly proxyProtocol?: string;
  readonly accessPolicy?: string;
  readonly server?: { readonly name?: string; readonly selector?: Selector };
  readonly client?: {
    readonly networks?: Networks;
    readonly unauthenticated?: boolean;
    readonly meshTLS?: {
      readonly unauthenticatedTLS?: boolean;
      readonly identities?: readonly string[];
      readonly serviceAccounts?: readonly { readonly name: string; readonly namespace?: string }[];
    };
  };
  readonly targetRef?: Ref;
  readonly requiredAuthenticationRefs?: readonly Ref[];
  readonly identities?: readonly string[];
  readonly identityRefs?: readonly Ref[];
  readonly networks?: Networks;
  readonly parentRefs?: readonly Ref[];
  readonly hostnames?: readonly string[];
  readonly rules?: readonly Rule[];
};

/** An object. */
export type Written = {
  readonly kind: string;
  readonly group: string;
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Seconds since 1970. */
  readonly created: number;
  readonly spec: Spec;
};

/** A pod, the settings around it, and all objects. */
export type World = {
  readonly objects: readonly Written[];
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly ports: readonly { readonly name: string; readonly port: number }[];
  readonly probes: readonly { readonly port: number; readonly path: string }[];
  readonly podAnnotations: Readonly<Record<string, string>>;
  readonly namespaceAnnotations: Readonly<Record<string, string>>;
  readonly cluster: {
    readonly defaultPolicy: string;
    readonly networks: readonly string[];
    readonly probeNetworks: readonly string[];
  };
};

/** One request, or, where the port is not of HTTP, a connection. */
export type Call = {
  readonly port: number;
  readonly ip: string;
  readonly tls: "none" | "anonymous" | { readonly identity: string };
  readonly method: string;
  readonly path: string;
  readonly host: string;
  /** The value of the header `x-version`. */
  readonly version: string;
};

/** `refused`: by a rule that takes the call and is not known whole. */
export type Answer = "allowed" | "denied" | "no route" | "refused";
