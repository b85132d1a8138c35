/** Scripts that complete commands and flags in a shell, made of the tree of commands. */

import type { Command } from "commander";

/** The shells that there is a script for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/** One command, and the words that may follow it. */
interface Entry {
  /** `viz stat`; empty for the program alone. */
  readonly path: string;
  readonly words: readonly string[];
}

/** The script of a shell. */
export function completionScript(root: Command, shell: Shell): string {
  const all = entries(root, "");
  switch (shell) {
    case "bash":
      return bash(root.name(), all);
    case "zsh":
      return `#compdef ${root.name()}\nautoload -U +X bashcompinit && bashcompinit\n${bash(root.name(), all)}`;
    case "fish":
      return fish(root.name(), all);
  }
}

function entries(command: Command, path: string): Entry[] {
  const named = command.commands.flatMap((child) => [child.name(), ...child.aliases()]);
  const flags = command.options.flatMap(({ long }) => (long === undefined ? [] : [long]));
  const own = { path, words: [...named, ...flags, "--help"] };
  const below = command.commands.flatMap((child) =>
    [child.name(), ...child.aliases()].flatMap((name) =>
      entries(child, path === "" ? name : `${path} ${name}`),
    ),
  );
  return [own, ...below];
}

/** Words before the cursor that are no flags are the path; what the longest known one allows may follow. */
function bash(name: string, all: readonly Entry[]): string {
  const cases = all.map(({ path, words }) => `    "${path}") words="${words.join(" ")}" ;;`);
  return `_${name}_complete() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path="" words="" word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) path="\${path:+$path }$word" ;; esac
  done
  case "$path" in
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _${name}_complete ${name}
`;
}

function fish(name: string, all: readonly Entry[]): string {
  const lines = all.flatMap(({ path, words }) => {
    const seen =
      path === ""
        ? "__fish_use_subcommand"
        : path
            .split(" ")
            .map((word) => `__fish_seen_subcommand_from ${word}`)
            .join("; and ");
    return words.map((word) =>
      word.startsWith("--")
        ? `complete -c ${name} -n '${seen}' -l ${word.slice(2)}`
        : `complete -c ${name} -n '${seen}' -f -a ${word}`,
    );
  });
  return `${lines.join("\n")}\n`;
}
