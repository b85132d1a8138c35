/** A file of JSON values, one a line: its path, also within a compiled program. */
declare module "*.ndjson" {
  const path: string;
  // biome-ignore lint/style/noDefaultExport: it stands for what the bundler makes of a file
  export default path;
}
