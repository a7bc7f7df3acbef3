// What stands in a canary: an ordinary text of its kind, unlike any other one. Pure.
import { createHash } from 'node:crypto';

const words = (
  'account address agreement amount annual balance bank board budget building client contract copy date delivery department deposit ' +
  'document draft duty estimate evening expense family fee final folder garden guest holiday house income insurance invoice item ' +
  'letter list loan meeting member minute month name note notice number offer office order owner part payment period person plan ' +
  'price project proof rate receipt record rent report room salary sale school service share signature sum supplier tax term ticket ' +
  'total travel value visit water week work year'
).split(' ');

/** @param seed that no other canary has */
export function canaryContent(name: string, seed: string): string {
  const next = numbers(seed);
  const word = () => words[next() % words.length] ?? 'note';
  const sentence = () => `The ${Array.from({ length: 6 + (next() % 9) }, word).join(' ')}.`;
  const lines = Array.from({ length: 12 + (next() % 50) }, () => `${sentence()} ${sentence()}`);
  const title = name.replace(/\.[a-z]+$/, '').trim();
  switch (name.slice(name.lastIndexOf('.') + 1)) {
    case 'rtf':
      return `{\\rtf1\\ansi\\deff0 {\\fonttbl{\\f0 Arial;}}\n\\b ${title}\\b0\\par\n${lines.join('\\par\n')}\\par\n}\n`;
    case 'csv':
      return `date;item;amount\n${lines.map(() => `20${10 + (next() % 15)}-0${1 + (next() % 9)}-1${next() % 10};${word()} ${word()};${next() % 9000}.${10 + (next() % 90)}`).join('\n')}\n`;
    case 'xml':
      return `<?xml version="1.0"?>\n<document title="${title}">\n${lines.map((line) => `  <p>${line}</p>`).join('\n')}\n</document>\n`;
    default:
      return `${title}\n\n${lines.join('\n')}\n`;
  }
}

function numbers(seed: string): () => number {
  let [block, at, turn] = [Buffer.alloc(0), 0, 0];
  return () => {
    if (at + 2 > block.length) {
      block = createHash('sha256').update(`${seed} ${turn++}`).digest();
      at = 0;
    }
    at += 2;
    return block.readUInt16BE(at - 2);
  };
}
