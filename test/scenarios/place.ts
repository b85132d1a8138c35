/** A Service of one scenario alone: policies of others do not hold for it, nor does what proxies remember of them. */

import type { Ref } from "./objects.ts";
import { NAMESPACE, PORTS, type ServicePort, service, type Web } from "./workloads.ts";

/** How it is. */
export type PlaceOptions = {
  /** The pods; all of `web` unless given, one of them where ports are its own. */
  readonly selector?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Pods' ports of the scenario's own, so that Servers of others do not hold for it. */
  readonly own?: boolean;
  readonly appProtocol?: string;
};

/** The pod with those. */
export const ONE: Web = "web-v1";
/** How many ports of their own backends have, of each kind. */
const HTTP_PORTS = 50;
const OTHER_PORTS = 10;
const FIRST = { http: 8101, grpc: 9101, tcp: 7101 } as const;

/** A Service with what scenarios need of it. */
export class Place {
  /** Its name. */
  readonly name: string;
  /** The pods' ports. */
  readonly http: number;
  readonly grpc: number;
  readonly tcp: number;
  /** The object. */
  readonly service: object;

  /** `number` tells it from all others. */
  constructor(number: number, { selector, annotations, own = false, appProtocol }: PlaceOptions) {
    this.name = `s${number}`;
    this.http = own ? FIRST.http + (number % HTTP_PORTS) : PORTS.http;
    this.grpc = own ? FIRST.grpc + (number % OTHER_PORTS) : PORTS.grpc;
    this.tcp = own ? FIRST.tcp + (number % OTHER_PORTS) : PORTS.tcp;
    const more = appProtocol === undefined ? {} : { appProtocol };
    const ports: Record<string, ServicePort> = {
      http: { port: 80, targetPort: this.http, ...more },
      other: { port: 81, targetPort: this.http },
      grpc: { port: 9090, targetPort: this.grpc },
      tcp: { port: 7070, targetPort: this.tcp },
      greeting: { port: 7071, targetPort: PORTS.greeting },
      tls: { port: 443, targetPort: PORTS.tls },
    };
    this.service = service({
      ...{ name: this.name, namespace: NAMESPACE, ports },
      // Of several pods each hears of a change at its own time.
      selector: selector ?? (own ? { instance: ONE } : { app: "web" }),
      ...(annotations === undefined ? {} : { annotations }),
    });
  }

  /** Its whole name. */
  get host(): string {
    return `${this.name}.${NAMESPACE}.svc.cluster.local`;
  }

  /** Where it is asked by HTTP. */
  get url(): string {
    return `http://${this.host}`;
  }

  /** A route's reference to a port of it; to all of them where it is undefined. */
  parent(port: number | undefined = 80): Ref {
    return { group: "", kind: "Service", name: this.name, port };
  }

  /** A route's reference to all of its ports. */
  get whole(): Ref {
    return { group: "", kind: "Service", name: this.name };
  }
}
