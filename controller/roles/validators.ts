/** The webhooks of the role `destination`: one for policy, one for ServiceProfiles, and who renews their certificates. */

import type { LeaseElector } from "#lib/k8s/lease-elector.ts";
import { POLICY_VALIDATOR, PROFILE_VALIDATOR, type Webhook } from "#lib/k8s/webhooks.ts";
import { Validator, type ValidatorArgs } from "../admission/serve.ts";
import type { Surroundings } from "../runtime/role.ts";
import { electKeeper } from "./renewal.ts";

/** Where they listen, and what they serve with. */
export type AdmissionArgs = { readonly policy: ValidatorArgs; readonly profiles: ValidatorArgs };

/** Both, from their start on. */
export class Validators {
  readonly #policy: Validator;
  readonly #profiles: Validator;
  readonly #certificates: LeaseElector;
  /** Settles when both have tried to serve, whatever came of it. */
  readonly tried: Promise<void>;

  constructor(
    args: AdmissionArgs,
    around: Surroundings,
    of: { readonly deployment: string; readonly namespace: string },
  ) {
    const { client, clock, log, onFault } = around;
    const serve = (webhook: Webhook, how: ValidatorArgs): Validator =>
      new Validator({ ...how, webhook, client, clock, log, onFault });
    this.#policy = serve(POLICY_VALIDATOR, args.policy);
    this.#profiles = serve(PROFILE_VALIDATOR, args.profiles);
    this.tried = Promise.all([this.#policy.tried, this.#profiles.tried]).then(() => undefined);
    const webhooks = [POLICY_VALIDATOR, PROFILE_VALIDATOR];
    this.#certificates = electKeeper({ ...of, webhooks }, around);
    this.#certificates.start();
  }

  /** Of the webhook for policy; 0 while it does not serve. */
  get policyPort(): number {
    return this.#policy.port;
  }

  /** Of the webhook for ServiceProfiles; 0 while it does not serve. */
  get profilePort(): number {
    return this.#profiles.port;
  }

  /** Takes no more reviews, answers those that run, and gives the Lease back. */
  async stop(): Promise<void> {
    await Promise.all([this.#policy.stop(), this.#profiles.stop(), this.#certificates.stop()]);
  }
}
