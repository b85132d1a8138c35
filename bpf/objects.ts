/** The compiled BPF objects: read from a checkout or out of the executable that embeds them. */

import { readFileSync } from "node:fs";
import { type CollectionSpec, readElf } from "./elf.ts";
import inbound from "./objects/inbound.bpf.o" with { type: "file" };
import mesh from "./objects/mesh.bpf.o" with { type: "file" };

/** One of our objects, read anew. */
export function readObject(name: "mesh" | "inbound"): CollectionSpec {
  return readElf(readFileSync(name === "mesh" ? mesh : inbound));
}
