/** Who holds a token: asked by the identity service, answered by Kubernetes. */

/** What Kubernetes says of a token. */
export type TokenVerdict =
  | { readonly type: "authenticated"; readonly user: string }
  | { readonly type: "refused"; readonly message: string }
  /** It could not even be judged. */
  | { readonly type: "invalid"; readonly message: string };

/** Reviews tokens. Rejects where Kubernetes cannot be asked. */
export interface TokenReviewer {
  review(token: string): Promise<TokenVerdict>;
}
