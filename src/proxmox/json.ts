// JSON from a server that may have been taken over (threat model T12): its shape is measured before it is parsed, because a
// small text can become a large heap.

export type JsonLimits = Readonly<{ depth: number; containers: number; values: number }>;

// 60,000 snapshots with their files, as PBS lists them, stay below these.
const usualJsonLimits: JsonLimits = { depth: 64, containers: 500_000, values: 4_000_000 };

export type Parsed = Readonly<{ kind: 'value'; value: unknown }> | Readonly<{ kind: 'problem'; says: string }>;

export function parseJson(bytes: Buffer, limits = usualJsonLimits): Parsed {
  const excess = excessOf(bytes, limits);
  if (excess !== undefined) return { kind: 'problem', says: excess };
  try {
    return { kind: 'value', value: JSON.parse(bytes.toString('utf8')) };
  } catch {
    return { kind: 'problem', says: 'it is no complete JSON' };
  }
}

const [quote, backslash, comma] = [0x22, 0x5c, 0x2c];
const [openList, closeList, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d];

function excessOf(bytes: Buffer, limits: JsonLimits): string | undefined {
  let depth = 0;
  let containers = 0;
  let commas = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === quote) at = endOfString(bytes, at);
    else if (byte === comma) commas += 1;
    else if (byte === closeList || byte === closeObject) depth -= 1;
    else if (byte === openList || byte === openObject) {
      depth += 1;
      containers += 1;
      if (depth > limits.depth) return `it is nested deeper than ${limits.depth} levels`;
    }
    if (containers > limits.containers || commas > limits.values)
      return 'it has more entries than any sound server gives';
  }
  return undefined;
}

function endOfString(bytes: Buffer, start: number): number {
  let at = start + 1;
  while (at < bytes.length && bytes[at] !== quote) at += bytes[at] === backslash ? 2 : 1;
  return at;
}
