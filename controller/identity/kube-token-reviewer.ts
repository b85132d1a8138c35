/** Tokens reviewed by Kubernetes, for the audience of the identity service (IDY2). */

import type { KubeClient } from "#lib/k8s/client.ts";
import { TOKEN_REVIEWS } from "#lib/k8s/resource.ts";
import type { TokenReview } from "#lib/k8s/types/authentication.ts";
import type { TokenReviewer, TokenVerdict } from "../core/token-reviewer.ts";

const AUDIENCE = "identity.l5d.io";

/** Asks the API; where it knows no audiences, it is asked again without. Rejects where it cannot be asked. */
export function createKubeTokenReviewer(client: KubeClient): TokenReviewer {
  const ask = async (token: string, audiences?: string[]): Promise<TokenReview["status"]> => {
    const spec = { token, ...(audiences !== undefined && { audiences }) };
    return (await client.create(TOKEN_REVIEWS, { spec })).status;
  };
  return {
    review: async (token) => {
      const status = await ask(token, [AUDIENCE]);
      const unaware = status?.error?.includes("token audiences") === true;
      return verdictOf(unaware ? await ask(token) : status);
    },
  };
}

function verdictOf(status: TokenReview["status"]): TokenVerdict {
  const user = status?.user?.username;
  const error = status?.error ?? "";
  if (error !== "") return { type: "invalid", message: error };
  return status?.authenticated === true && user !== undefined
    ? { type: "authenticated", user }
    : { type: "refused", message: "not authenticated" };
}
