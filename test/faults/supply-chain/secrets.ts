/** Finds what looks like a secret in a text. */

/** What is looked for; a test's own key would be made when it runs. */
const PATTERNS: Readonly<Record<string, RegExp>> = {
  "private key": /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\s*\n\s*[A-Za-z0-9+/=]{20,}/,
  "cloud access key": /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/,
  "API key": /\bAIza[0-9A-Za-z_-]{35}\b/,
  "forge token": /\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60,}|glpat-[\w-]{20})\b/,
  "registry token": /\bnpm_[A-Za-z0-9]{36}\b|_authToken\s*=\s*[^\s$]/,
  "chat token": /\bxox[abprs]-[A-Za-z0-9-]{10,}/,
  "signed token": /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}/,
  "password in a URL": /\b[a-z][a-z+.-]*:\/\/[^\s/:@"'`$<>{}]+:[^\s/:@"'`$<>{}]+@/,
  "named secret":
    /\b(?:password|passwd|secret|api_?key|access_?token)\b["']?\s*[:=]\s*["'][A-Za-z0-9+/_-]{20,}["']/i,
};

/** Kinds of secrets that a text seems to hold, with the line of each. */
export function secretsIn(text: string): { readonly kind: string; readonly line: number }[] {
  return Object.entries(PATTERNS).flatMap(([kind, pattern]) => {
    const at = text.search(pattern);
    return at < 0 ? [] : [{ kind, line: text.slice(0, at).split("\n").length }];
  });
}
