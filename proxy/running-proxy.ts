/** What is to be had of a proxy that runs: its ports, whether it is ready, and its end. */

/** A proxy that runs. */
export interface RunningProxy {
  readonly ready: boolean;
  readonly adminPort: number;
  /** The ports in use, of interest where 0 was configured. */
  readonly inboundPort: number;
  readonly outboundPort: number;
  /** Undefined where nobody may look at requests. */
  readonly tapPort: number | undefined;
  /** Takes nothing new, lets what runs finish within the grace period, and resolves when all is closed. */
  drain(): Promise<void>;
  /** Settles as `drain` does, whoever asked for it: the admin port may, too. */
  readonly drained: Promise<void>;
}
