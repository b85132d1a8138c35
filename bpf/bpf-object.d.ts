/** BPF objects as imported files: their path, in a checkout and inside the executable. */

declare module "*.bpf.o" {
  const path: string;
  // biome-ignore lint/style/noDefaultExport: it stands for what the bundler makes of a file
  export default path;
}
