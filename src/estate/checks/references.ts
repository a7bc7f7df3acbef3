// A name that stands for something elsewhere in the estate must be there.

import { nearest } from '../../values/nearest.ts';
import { cut } from '../../values/text.ts';
import { textsAt } from '../at.ts';
import { type Remark, remark } from '../problem.ts';
import type { Mapping } from '../yaml-value.ts';
import links from './references.json' with { type: 'json' };

export const referenceRemarks = (estate: Readonly<Mapping>): readonly Remark[] =>
  links.flatMap(({ from, to }) => {
    const known = to.flatMap((pattern) => textsAt(estate, pattern).map(({ value }) => value));
    return textsAt(estate, from)
      .filter(({ value }) => !known.includes(value))
      .map(({ path, value }) => remark(path, leadsNowhere(value, known, to)));
  });

const mostNamed = 8;

function leadsNowhere(name: string, known: readonly string[], to: readonly string[]): string {
  const sections = to.map((pattern) => `\`${pattern.slice(0, pattern.indexOf('['))}\``).join(' or ');
  const says = `names "${cut(name, 64)}", which is not in ${sections}`;
  const close = nearest(name, known);
  if (close !== undefined) return `${says}; did you mean ${close}?`;
  if (known.length === 0) return `${says}; nothing is declared there yet`;
  return `${says}; known there: ${known.slice(0, mostNamed).join(', ')}${known.length > mostNamed ? ', ...' : ''}`;
}
