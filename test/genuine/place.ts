/** A pod's network beside a node's, and our image unpacked, so that its programs run as a genuine control plane starts them. */

import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { type Subprocess, spawn, spawnSync } from "bun";
import { inNetns } from "#lib/sys/netns.ts";
import { writeImage } from "../../deploy/image/main.ts";

/** Addresses of the node's side of the wire, and of the pod. */
export const NODE_IP = "10.77.0.1";
export const POD_IP = "10.77.0.10";
const POD_IP6 = "fd77::10";
const NODE_IP6 = "fd77::1";
/** Uids that Linkerd's manifests name. */
export const PROXY_UID = 2102;
export const INIT_UID = 65_534;
/** Of applications: any other. */
const APP_UID = 1000;

let places = 0;

function sh(...command: readonly string[]): string {
  const child = spawnSync([...command]);
  if (child.exitCode === 0) return child.stdout.toString();
  throw new Error(`Cannot run ${command.join(" ")}: ${child.stderr.toString()}`);
}

/** What a program of the image is run as. */
export interface ImageCall {
  readonly uid: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Its stderr is a pipe from which nobody reads. */
  readonly unread?: boolean;
}

/** How a program ended. */
export interface Ended {
  readonly exit: number;
  readonly output: string;
}

/** The place; `stop` takes everything away. */
export class Place {
  readonly dir: string = mkdtempSync("/tmp/genuine-");
  /** The image's files, and what a kubelet mounts into a container. */
  readonly root: string = `${this.dir}/root`;
  readonly node: string;
  readonly pod: string;
  /** Where applications may write. */
  readonly scratch: string = `${this.dir}/scratch`;
  readonly #name = `gn${process.pid}-${places++}`;
  readonly #children: Subprocess[] = [];

  private constructor() {
    this.node = `/run/netns/${this.#name}-n`;
    this.pod = `/run/netns/${this.#name}-p`;
    chmodSync(this.dir, 0o755);
    mkdirSync(this.scratch);
    chownSync(this.scratch, APP_UID, APP_UID);
  }

  /** Makes the network and unpacks the image. `hosts` are names that the pod's resolver knows. */
  static async make(hosts: Readonly<Record<string, string>>): Promise<Place> {
    const place = new Place();
    try {
      place.#wire();
      await place.#unpack(hosts);
    } catch (error) {
      place.stop();
      throw error;
    }
    return place;
  }

  /** Gives the node another address. */
  addAddress(ip: string): void {
    const length = ip.includes(":") ? 128 : 32;
    const node = `${this.#name}-n`;
    sh("ip", "-n", node, "addr", "add", `${ip}/${length}`, "dev", "lo", "nodad");
  }

  /** Runs a program of this machine in the node's network, as root; what it says. Throws where it fails. */
  onNode(...command: readonly string[]): string {
    return sh("ip", "netns", "exec", `${this.#name}-n`, ...command);
  }

  /** The same in the pod's network. */
  inPod(...command: readonly string[]): string {
    return sh("ip", "netns", "exec", `${this.#name}-p`, ...command);
  }

  /** Starts a program of the image in the pod's network, with the image's root as its own. */
  start(command: readonly string[], call: ImageCall): Subprocess<"ignore", "pipe"> {
    const { uid, env = {}, unread = false } = call;
    const mounts = 'mount -t proc proc "$0/proc" && mount --bind /dev "$0/dev"';
    const fifo = `${this.dir}/unread`;
    // Opened for both, it waits for nobody.
    const log = unread ? `rm -f ${fifo}; mkfifo ${fifo}; exec 2<>${fifo};` : "";
    const enter = `${log} ${mounts} && exec chroot --userspec=${uid}:${uid} "$0" "$@"`;
    const child = inNetns(this.pod, () =>
      spawn(["unshare", "--mount", "sh", "-c", enter, this.root, ...command], {
        stdio: ["ignore", "pipe", Bun.file(`${this.dir}/${command[0]?.replaceAll("/", "_")}.log`)],
        env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", ...env },
      }),
    );
    this.#children.push(child);
    return child;
  }

  /** Runs one to its end. */
  async run(command: readonly string[], call: ImageCall): Promise<Ended> {
    const child = this.start(command, call);
    const output = await child.stdout.text();
    return { exit: await child.exited, output: `${output}${this.said(command[0] ?? "")}` };
  }

  /** What a program of the image has written to its stderr. */
  said(program: string): string {
    return readFileSync(`${this.dir}/${program.replaceAll("/", "_")}.log`, "utf8");
  }

  /** Runs a program of this machine in the pod, as an application. */
  async asApp(command: readonly string[], input?: Uint8Array): Promise<Ended & { errors: string }> {
    const ids = [`--reuid=${APP_UID}`, `--regid=${APP_UID}`, "--clear-groups"];
    const child = inNetns(this.pod, () =>
      spawn(["setpriv", ...ids, ...command], {
        stdio: [input === undefined ? "ignore" : new Blob([input]), "pipe", "pipe"],
        env: { PATH: `${Bun.env["PATH"]}` },
      }),
    );
    const [output, errors] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    return { exit: await child.exited, output, errors };
  }

  /** Ends what was started and removes everything. */
  stop(): void {
    for (const child of this.#children) child.kill("SIGKILL");
    for (const side of ["p", "n"]) spawnSync(["ip", "netns", "del", `${this.#name}-${side}`]);
    rmSync(this.dir, { recursive: true, force: true });
  }

  #wire(): void {
    const [node, pod] = [`${this.#name}-n`, `${this.#name}-p`];
    for (const netns of [node, pod]) {
      sh("ip", "netns", "add", netns);
      sh("ip", "-n", netns, "link", "set", "lo", "up");
    }
    const peer = ["type", "veth", "peer", "name", "eth0", "netns", pod];
    sh("ip", "-n", node, "link", "add", "pod", ...peer);
    for (const [netns, link, ip, ip6] of [
      [node, "pod", NODE_IP, NODE_IP6],
      [pod, "eth0", POD_IP, POD_IP6],
    ] as const) {
      sh("ip", "-n", netns, "addr", "add", `${ip}/24`, "dev", link);
      sh("ip", "-n", netns, "addr", "add", `${ip6}/64`, "dev", link, "nodad");
      sh("ip", "-n", netns, "link", "set", link, "up");
    }
    sh("ip", "-n", pod, "route", "add", "default", "via", NODE_IP);
    sh("ip", "-n", pod, "-6", "route", "add", "default", "via", NODE_IP6);
  }

  async #unpack(hosts: Readonly<Record<string, string>>): Promise<void> {
    const [archive, blobs] = [`${this.dir}/image.tar`, `${this.dir}/archive`];
    await writeImage(archive, { name: "bunkerd.test/proxy", version: "1" });
    mkdirSync(blobs);
    sh("tar", "-xf", archive, "-C", blobs);
    const read = (path: string) => JSON.parse(readFileSync(`${blobs}/${path}`, "utf8"));
    const blob = (digest: string): string => `blobs/${digest.replace(":", "/")}`;
    const manifest = read(blob(read("index.json").manifests[0].digest));
    mkdirSync(this.root);
    for (const { digest } of manifest.layers) {
      const attributes = ["--xattrs", "--xattrs-include=security.capability"];
      sh("tar", ...attributes, "-xpf", `${blobs}/${blob(digest)}`, "-C", this.root);
    }
    rmSync(blobs, { recursive: true });
    rmSync(archive);
    for (const folder of ["proc", "dev", "etc"])
      mkdirSync(`${this.root}/${folder}`, { recursive: true });
    const lines = Object.entries(hosts).map(([name, ip]) => `${ip} ${name}\n`);
    writeFileSync(`${this.root}/etc/hosts`, `127.0.0.1 localhost\n${lines.join("")}`);
  }
}
