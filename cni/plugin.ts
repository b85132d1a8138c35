/** ADD, DEL, CHECK, GC and STATUS, as the specification has them for a chained plugin. */

import { existsSync } from "node:fs";
import type { Logger } from "#lib/log/logger.ts";
import { type Choice, redirectionOf, type Way, wayFor } from "./apply/choose.ts";
import type { Asks, Redirection, RedirectKind } from "./apply/redirection.ts";
import type { Attachment, Attachments } from "./attachments.ts";
import type { PodJudge, Verdict } from "./pods.ts";
import type { PodSurroundings } from "./redirect/ebpf.ts";
import type { RedirectPlan } from "./redirect/plan.ts";
import { type CniRequest, readRequest, type Sandbox, versionOf } from "./request.ts";
import { type CniAnswer, CniCode, CniError, fail, SUPPORTED_VERSIONS, succeed } from "./result.ts";
import { Turns } from "./turns.ts";
import type { WireRequest } from "./wire.ts";

/** What the plugin works with. */
export interface PluginOptions {
  readonly choice: Choice;
  readonly pods: PodJudge;
  readonly attachments: Attachments;
  /** The node's own addresses, from which the kubelet's probes come. */
  readonly nodeAddresses: () => readonly string[];
  readonly logger: Logger;
}

/**
 * What stands before the name of a sandbox that was redirected without a call; a runtime's own names have no dots. They
 * are collected when their namespace is gone.
 */
export const RUNNING = "running.";

/** Whom a redirection is for. */
interface Target extends Sandbox {
  readonly netns: string;
  /** `namespace/name`. */
  readonly pod: string;
  readonly ips: readonly string[];
  readonly gateways: readonly string[];
}

/** Answers calls. It keeps no state but the attachments. */
export class Plugin {
  readonly #options: PluginOptions;
  readonly #turns = new Turns();

  constructor(options: PluginOptions) {
    this.#options = options;
  }

  /** The answer to a call; never throws. */
  async handle(wire: WireRequest): Promise<CniAnswer> {
    const { logger } = this.#options;
    const fields = { command: wire.command, container: wire.containerId, args: wire.args };
    try {
      const answer = await this.#answer(readRequest(wire));
      logger.info(answer.log, fields);
      return answer;
    } catch (error) {
      const answer = fail(error, versionOf(wire.config));
      logger.warn(answer.log, fields);
      return answer;
    }
  }

  /**
   * Puts back what is missing of running pods: of all in tier 1, where only whether a proxy listens is asked of a few, of
   * the next few in tier 2. How many were repaired.
   */
  repair(): number {
    const { attachments, choice, logger } = this.#options;
    const { due, asks } = this.#turns.take(attachments.list());
    let repaired = 0;
    for (const attachment of due) {
      const { kind, place, plan, pod } = attachment;
      try {
        const missing = redirectionOf(kind, choice.programs).check(place, plan, asks);
        if (missing === undefined || !existsSync(place.netns)) continue;
        const by = this.#putBack(attachment, asks);
        logger.warn("put back the redirection of a running pod", { pod, missing, by });
        repaired++;
      } catch (error) {
        logger.warn("cannot repair the redirection of a pod", { pod, error: String(error) });
      }
    }
    return repaired;
  }

  /** By the way that it was, else by the spare one: tier 1 cannot find a proxy again that listens already. */
  #putBack(attachment: Attachment, asks: Asks): RedirectKind {
    const { attachments, choice } = this.#options;
    const { kind, plan, surroundings } = attachment;
    const redirection = redirectionOf(kind, choice.programs);
    const place = redirection.add(attachment.place, plan, surroundings);
    attachments.put({ ...attachment, place });
    const missing = redirection.check(place, plan, asks);
    if (missing === undefined) return kind;
    const { spare } = choice;
    if (kind !== "ebpf" || spare === undefined)
      throw new Error(`${missing}; delete the pod where this does not end`);
    attachments.put({
      ...attachment,
      kind: spare.kind,
      place: spare.add({ netns: place.netns }, plan, surroundings),
    });
    redirection.remove(place);
    return spare.kind;
  }

  async #answer(request: CniRequest): Promise<CniAnswer> {
    switch (request.command) {
      case "ADD":
        return await this.#add(request);
      case "DEL":
        return this.#delete(request);
      case "CHECK":
        return await this.#check(request);
      case "GC":
        return this.#collect(request.valid);
      case "STATUS":
        return this.#status();
      case "VERSION": {
        const { cniVersion } = request;
        return succeed("told the versions", { cniVersion, supportedVersions: SUPPORTED_VERSIONS });
      }
    }
  }

  async #add(request: CniRequest): Promise<CniAnswer> {
    const result = { ...request.prevResult, cniVersion: request.cniVersion };
    const verdict = await this.#judge(request);
    if (verdict.type === "unmeshed") return succeed(`passed: ${verdict.why}`, result);
    const { containerId, ifname, netns, pod } = request;
    const ips = request.prevResult?.ips ?? [];
    const { kind } = this.#redirect(
      {
        ...{ containerId, ifname, netns, pod: `${pod?.namespace}/${pod?.name}` },
        ips: ips.flatMap(({ address }) => address?.split("/", 1) ?? []),
        gateways: ips.flatMap(({ gateway }) => gateway ?? []),
      },
      verdict.plan,
    );
    return succeed(`redirected with ${kind}`, result);
  }

  /**
   * Redirects a pod that no call is about. Not in tier 1, which has to see the proxy begin to listen. Throws what the
   * kernel refuses, or where tier 1 was forced.
   */
  redirectRunning(target: Omit<Target, "gateways">, plan: RedirectPlan): void {
    const choice = wayFor(this.#options.choice, plan);
    const redirection = choice.redirection.kind === "ebpf" ? choice.spare : choice.redirection;
    if (redirection === undefined)
      throw new Error("its proxy listens already, which tier 1 had to see; delete the pod");
    this.#redirect({ ...target, gateways: [] }, plan, { redirection, spare: undefined });
  }

  #redirect(
    target: Target,
    plan: RedirectPlan,
    way: Way = wayFor(this.#options.choice, plan),
  ): Attachment {
    const { attachments, logger } = this.#options;
    const { containerId, ifname, netns, pod } = target;
    const surroundings = this.#surroundings(target);
    const attach = (redirection: Redirection): Attachment => {
      const place = redirection.add({ netns }, plan, surroundings);
      const { kind } = redirection;
      return { containerId, ifname, pod, kind, place, plan, surroundings };
    };
    let attachment: Attachment;
    try {
      attachment = attach(way.redirection);
    } catch (error) {
      if (way.spare === undefined) throw error;
      logger.warn("fell back for one pod", { to: way.spare.kind, error: String(error) });
      attachment = attach(way.spare);
    }
    try {
      attachments.put(attachment);
    } catch (error) {
      // What is not on record could never be removed.
      redirectionOf(attachment.kind, this.#options.choice.programs).remove(attachment.place);
      throw error;
    }
    return attachment;
  }

  /** Where the kubelet's own connections are not known, probes are known by where they come from. */
  #surroundings({ ips, gateways }: Target): PodSurroundings {
    const { choice, nodeAddresses } = this.#options;
    if (choice.knowsKubelet) return { ips, probeSources: [] };
    return { ips, probeSources: [...new Set([...nodeAddresses(), ...gateways])] };
  }

  /** By the runtime's name for the sandbox; else by its namespace, where it was redirected without a call. */
  #attachmentOf(request: CniRequest): Attachment | undefined {
    const { attachments } = this.#options;
    return (
      attachments.get(request) ??
      attachments
        .list()
        .find(
          ({ containerId, place }) =>
            containerId.startsWith(RUNNING) && place.netns === request.netns,
        )
    );
  }

  #delete(request: CniRequest): CniAnswer {
    const attachment = this.#attachmentOf(request);
    if (attachment === undefined) return succeed("nothing was attached");
    // A pod must always be able to go: what cannot be removed now stays on record for the next collection.
    const error = this.#detach(attachment);
    return succeed(error === undefined ? "removed" : `left for later: ${error}`);
  }

  /** Removes an attachment; what is wrong, where it stays on record. */
  #detach(attachment: Attachment): string | undefined {
    const { attachments, choice, logger } = this.#options;
    // A pod has one redirection, however many networks it is attached to: the last one ends it.
    const isLast = attachments
      .list()
      .every((other) => other === attachment || other.containerId !== attachment.containerId);
    try {
      if (isLast) redirectionOf(attachment.kind, choice.programs).remove(attachment.place);
      attachments.delete(attachment);
      return undefined;
    } catch (error) {
      logger.error("cannot remove a redirection", { pod: attachment.pod, error: String(error) });
      return String(error);
    }
  }

  async #check(request: CniRequest): Promise<CniAnswer> {
    const verdict = await this.#judge(request);
    if (verdict.type === "unmeshed") return succeed(`nothing to check: ${verdict.why}`);
    const attachment = this.#attachmentOf(request);
    if (attachment === undefined)
      throw new CniError("Cannot find the pod's redirection: none is on record", {
        code: CniCode.notCaptured,
      });
    const { kind, place, plan } = attachment;
    const missing = redirectionOf(kind, this.#options.choice.programs).check(place, plan);
    if (missing !== undefined)
      throw new CniError(`Cannot find the pod's redirection: ${missing}`, {
        code: CniCode.notCaptured,
      });
    return succeed(`checked ${kind}`);
  }

  #collect(valid: readonly Sandbox[]): CniAnswer {
    const { attachments } = this.#options;
    const live = new Set(valid.map(({ containerId, ifname }) => `${containerId}@${ifname}`));
    const stale = attachments
      .list()
      .filter(
        ({ containerId, ifname }) =>
          !(live.has(`${containerId}@${ifname}`) || containerId.startsWith(RUNNING)),
      );
    const errors = stale.flatMap((each) => this.#detach(each) ?? []);
    this.collectGone();
    if (errors[0] !== undefined) throw new Error(`Cannot remove everything: ${errors[0]}`);
    return succeed(`collected ${stale.length}`);
  }

  /** Removes what belongs to namespaces that are gone: their DEL came while the agent was away. How many. */
  collectGone(): number {
    const { attachments, choice } = this.#options;
    const isThere = ({ place }: Attachment): boolean => existsSync(place.netns);
    // What a living namespace has lost is repaired, not collected.
    const kept = attachments.list().filter(isThere);
    const cookies = new Set(kept.flatMap(({ place }) => place.cookie ?? []));
    const gone = new Set(choice.programs.collect(cookies));
    const stale = attachments
      .list()
      .filter((each) =>
        each.place.cookie === undefined ? !isThere(each) : gone.has(each.place.cookie),
      );
    for (const attachment of stale) attachments.delete(attachment);
    return Math.max(gone.size, stale.length);
  }

  #status(): CniAnswer {
    if (this.#options.pods.ready) return succeed("ready");
    throw new CniError("Cannot serve ADD: the pods of this node are not known yet", {
      code: CniCode.notAvailable,
    });
  }

  async #judge({ pod }: CniRequest): Promise<Verdict> {
    if (pod === undefined) return { type: "unmeshed", why: "it is no pod of Kubernetes" };
    return await this.#options.pods.judge(pod);
  }
}
