/** Our entry in another plugin's configuration: text in, text out. */

/** The type of our entry: the name of the program that the runtime starts. */
export const PLUGIN_TYPE = "linkerd-cni";

/** What the runtime reads of our entry; it has no version, so that the list's rules. */
export interface Entry {
  readonly type: typeof PLUGIN_TYPE;
  /** Where the shim finds the agent, as the host sees it; left out where it is the usual folder. */
  readonly runDir?: string;
}

/** A configuration file. */
export interface ConfigFile {
  readonly name: string;
  readonly text: string;
}

type Plugin = Readonly<Record<string, unknown>>;
interface List extends Plugin {
  readonly plugins: readonly Plugin[];
}

const EXTENSIONS = [".conf", ".conflist", ".json"];

/** The file that a runtime takes: the first by name that can be one. */
export function primaryOf(names: readonly string[]): string | undefined {
  return names.filter((name) => EXTENSIONS.some((each) => name.endsWith(each))).toSorted()[0];
}

/**
 * The file with our entry last; undefined where it is there already. A single plugin becomes a list in a file of
 * the same name that ends in `.conflist`. Throws where the file is no configuration: then it is left alone.
 */
export function withEntry({ name, text }: ConfigFile, entry: Entry): ConfigFile | undefined {
  const config = parse({ name, text });
  const list = isList(config) ? config : listOf(config);
  if (list.plugins.length === 0) throw new Error(`Cannot use ${name}: it has no plugin`);
  const others = list.plugins.filter(({ type }) => type !== PLUGIN_TYPE);
  if (others.length === 0) throw new Error(`Cannot use ${name}: it has no plugin but ours`);
  const last = list.plugins.at(-1);
  const ours = list.plugins.length - others.length;
  if (ours === 1 && last !== undefined && Bun.deepEquals(last, { ...entry }, true))
    return undefined;
  return {
    name: isList(config) ? name : name.replace(/\.(conf|json)$/, ".conflist"),
    text: print({ ...list, plugins: [...others, { ...entry }] }),
  };
}

/** The text without our entry; undefined where it has none, or is no configuration. */
export function withoutEntry(file: ConfigFile): string | undefined {
  let config: Plugin;
  try {
    config = parse(file);
  } catch {
    return undefined;
  }
  if (!isList(config)) return undefined;
  const others = config.plugins.filter(({ type }) => type !== PLUGIN_TYPE);
  if (others.length === config.plugins.length) return undefined;
  return print({ ...config, plugins: others });
}

/** Whether a list is as we make it of a single plugin's file: that plugin and our entry, nothing else. */
export function isOfSinglePlugin(file: ConfigFile): boolean {
  const others = withoutEntry(file);
  return others !== undefined && (JSON.parse(others) as List).plugins.length === 1;
}

function parse({ name, text }: ConfigFile): Plugin {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error(`Cannot use ${name}: it is no JSON`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Error(`Cannot use ${name}: it is no configuration`);
  const { plugins, type } = value as Plugin;
  const isPlugin = (each: unknown): boolean => typeof each === "object" && each !== null;
  const listed = Array.isArray(plugins) && plugins.every(isPlugin);
  if (!(listed || typeof type === "string"))
    throw new Error(`Cannot use ${name}: it is no configuration`);
  return value as Plugin;
}

const isList = (config: Plugin): config is List => Array.isArray(config["plugins"]);

/** A list has the name and the version that its plugin had. */
function listOf({ cniVersion, name, ...plugin }: Plugin): List {
  return { cniVersion: cniVersion ?? "0.3.1", name: name ?? "network", plugins: [plugin] };
}

const print = (config: List): string => `${JSON.stringify(config, undefined, 2)}\n`;
