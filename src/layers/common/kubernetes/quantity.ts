// Amounts as Kubernetes writes them: `10Gi`, `5G`, `1073741824`, `1e9`, `128974848000m`
// (kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity).
const binary: readonly string[] = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const decimal: readonly string[] = ['k', 'M', 'G', 'T', 'P', 'E'];

/** In bytes, rounded up; undefined where it is no quantity. */
export function bytesOfQuantity(quantity: string): number | undefined {
  const match = /^([+-]?[0-9]+(?:\.[0-9]*)?|[+-]?\.[0-9]+)(?:([eE][+-]?[0-9]+)|([KMGTPE]i)|([mkMGTPE]))?$/.exec(
    quantity,
  );
  if (match === null) return undefined;
  const [, number = '', exponent = '', two, ten] = match;
  const value = Number(`${number}${exponent}`) * factor(two, ten);
  return Number.isFinite(value) && value >= 0 ? Math.ceil(value) : undefined;
}

function factor(two: string | undefined, ten: string | undefined): number {
  if (two !== undefined) return 1024 ** (binary.indexOf(two) + 1);
  if (ten === 'm') return 0.001;
  return ten === undefined ? 1 : 1000 ** (decimal.indexOf(ten) + 1);
}
