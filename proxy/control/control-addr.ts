/** The address of a service of the control plane. */

/** Where a control service is; without a name it is on loopback and no TLS is used. */
export interface ControlAddr {
  readonly host: string;
  readonly port: number;
  readonly name: string | undefined;
}
