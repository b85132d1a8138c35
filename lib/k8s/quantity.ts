/** Kubernetes' quantities as annotations give them: `100m`, `64Mi`, `1.5`, `1e3`. */

const EXPONENTS: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};
const QUANTITY = /^(\d{1,15}(?:\.\d{1,9})?)(?:([munkMGTPE]|[KMGTPE]i)|e(\d{1,2}))?$/;
/** Past this the API server's own arithmetic ends. */
const MAX = 2 ** 63;

/** The number that a quantity stands for; undefined where the API server would not take it. */
export function parseQuantity(text: string): number | undefined {
  const [, digits, suffix = "", exponent] = QUANTITY.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const factor = exponent === undefined ? EXPONENTS[suffix] : 10 ** Number(exponent);
  const value = Number(digits) * (factor ?? Number.NaN);
  return value < MAX ? value : undefined;
}
