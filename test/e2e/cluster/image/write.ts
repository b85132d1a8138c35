/** `write.ts OUT NAME ROOT ENTRYPOINT`: a folder as an image that `ctr images import` takes. */

import { archive } from "../../../../deploy/image/archive.ts";
import { readTree } from "../../../../deploy/image/files.ts";
import { ARCHITECTURE } from "../../../../deploy/image/program.ts";

const [out = "", name = "", root = "", ...entrypoint] = process.argv.slice(2);
const pieces = archive({
  name,
  architecture: ARCHITECTURE,
  layers: [readTree(root, (path) => path)],
  user: "",
  entrypoint,
  environment: { PATH: "/usr/local/bin:/usr/bin:/bin:/sbin" },
  labels: {},
});
await Bun.write(out, new Blob([...pieces]));
