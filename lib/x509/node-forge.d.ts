/** Types for the two sub-modules of node-forge that are used: its whole is far more than is needed. */

declare module "node-forge/lib/asn1" {
  import { asn1 } from "node-forge";
  // biome-ignore lint/style/noDefaultExport: it stands for `module.exports`
  export default asn1;
}

declare module "node-forge/lib/pem" {
  import { pem } from "node-forge";
  // biome-ignore lint/style/noDefaultExport: it stands for `module.exports`
  export default pem;
}
