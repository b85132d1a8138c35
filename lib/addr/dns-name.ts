/** Names of hosts and of what has names like theirs (RFC 1123 §2.1). */

/** A longer name is none (RFC 1035 §2.3.4). */
export const DNS_NAME_LIMIT = 253;

const LABEL = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?";
const NAME = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`);

/** Whether a text is a name: in lower case, with underscores too, without a wildcard or a last dot. */
export const isDnsName = (text: string): boolean =>
  text.length <= DNS_NAME_LIMIT && NAME.test(text);
