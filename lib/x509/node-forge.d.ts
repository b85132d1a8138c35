/** Types for the one sub-module of node-forge that is used: its whole is far more than is needed. */

declare module "node-forge/lib/asn1" {
  import { asn1 } from "node-forge";
  // biome-ignore lint/style/noDefaultExport: it stands for `module.exports`
  export default asn1;
}
