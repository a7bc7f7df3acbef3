// `key=value,key="with, comma",defaultvalue`: several settings in one text.

/** In their order; undefined where a part has no key and there is none to assume. */
export function readProperties(
  text: string,
  defaultKey?: string | boolean,
): readonly (readonly [key: string, value: string])[] | undefined {
  const pairs: [string, string][] = [];
  for (const part of partsOf(text)) {
    const at = part.indexOf('=');
    if (at > 0) pairs.push([part.slice(0, at).trim(), unquoted(part.slice(at + 1))]);
    else if (typeof defaultKey === 'string') pairs.push([defaultKey, unquoted(part)]);
    else return undefined;
  }
  return pairs;
}

export const propertiesIn = (text: string, defaultKey?: string): Readonly<Record<string, string>> =>
  Object.fromEntries(readProperties(text, defaultKey) ?? []);

const partsOf = (text: string): readonly string[] =>
  [...text.matchAll(/(?:"(?:[^"\\]|\\.)*"|[^,"])+/g)].map(([part]) => part.trim()).filter((part) => part !== '');

const unquoted = (value: string): string =>
  /^".*"$/s.test(value) ? value.slice(1, -1).replace(/\\(.)/g, '$1') : value;
