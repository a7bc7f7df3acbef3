// Whether what came is a config.xml that pfSense would take back: well-formed to its last byte, with the root, the version and the
// revision that every pfSense writes. A truncated one ends in the middle of an element.
import type { Element } from '@xmldom/xmldom';
import { Fault } from '../../fault.ts';
import { cut, shown } from '../../values/text.ts';

export type ConfigFacts = Readonly<{
  /** of the configuration's format: `23.3` */
  version: string;
  /** when it was last changed, in seconds since 1970, as the firewall has it */
  revision: number;
}>;

/** @throws Fault `config-not-whole` */
export async function readConfig(bytes: Uint8Array, where: string): Promise<ConfigFacts> {
  const root = await parse(textOf(bytes, where), where);
  if (root.nodeName !== 'pfsense') throw notWhole(where, `its root is <${root.nodeName}>, not <pfsense>`);
  const version = below(root, 'version')?.textContent?.trim() ?? '';
  if (version === '') throw notWhole(where, 'it has no <version>');
  const revision = below(below(root, 'revision'), 'time')?.textContent?.trim() ?? '';
  if (!/^\d+(\.\d+)?$/.test(revision)) throw notWhole(where, 'it has no <revision> with a <time>');
  return { version, revision: Math.floor(Number(revision)) };
}

function textOf(bytes: Uint8Array, where: string): string {
  if (bytes.length === 0) throw notWhole(where, 'nothing came');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw notWhole(where, 'it is no UTF-8');
  }
}

async function parse(text: string, where: string): Promise<Element> {
  // pfSense writes none; entities of a document type could be made to grow without end.
  if (/<!DOCTYPE|<!ENTITY/i.test(text)) throw notWhole(where, 'it declares a document type, which pfSense never does');
  // The parser lets a bare ampersand pass; pfSense's own does not.
  const marked = text.replaceAll(/<!\[CDATA\[[\s\S]*?\]\]>|<!--[\s\S]*?-->/g, '');
  if (/&(?!(?:#\d+|#x[0-9A-Fa-f]+|amp|lt|gt|quot|apos);)/.test(marked))
    throw notWhole(where, 'it has an & that begins no entity');
  // Loaded by whoever has a firewall: it would make every command a tenth slower.
  const { DOMParser, ParseError } = await import('@xmldom/xmldom');
  try {
    const stop = (_level: string, message: string): never => {
      throw new ParseError(message);
    };
    const root = new DOMParser({ onError: stop }).parseFromString(text, 'text/xml').documentElement;
    if (root !== null) return root;
  } catch (error) {
    throw notWhole(where, error instanceof Error ? error.message : String(error));
  }
  throw notWhole(where, 'it has no element');
}

function below(element: Element | undefined, name: string): Element | undefined {
  for (let child = element?.firstChild; child; child = child.nextSibling)
    if (child.nodeName === name) return child as Element;
  return undefined;
}

const notWhole = (where: string, says: string): Fault =>
  new Fault('config-not-whole', {
    where: shown(where),
    says: `what came is no whole config.xml: ${cut(shown(says), 300)}`,
    remedy: 'look at /cf/conf/config.xml on the firewall; the last good point is still there',
  });
