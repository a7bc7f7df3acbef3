// Secrets that somebody wrote into the file: under keys that are known for it, and keys of private kinds wherever they are.
import { literalSecret } from '../../values/secret-reference.ts';
import { isMapping } from '../at.ts';
import { type Path, type Remark, remark } from '../problem.ts';

const secretKey =
  /^(password|passwd|passphrase|secret|token|credentials?|(api|access|private|secret)_?key|(api|auth|access)_?token)$/i;
const secretText = /-----BEGIN [A-Z ]*PRIVATE KEY-----|P(VE|BS)APIToken=|^Bearer \S{8,}/;
// Any text may stand there, and people explain things with examples.
const freeText = ['description', 'comment', 'reason'];

export function literalSecretRemarks(value: unknown, path: Path = []): readonly Remark[] {
  const key = path.at(-1);
  if (Array.isArray(value)) return value.flatMap((item, index) => literalSecretRemarks(item, [...path, index]));
  if (isMapping(value))
    return Object.entries(value).flatMap(([name, part]) => literalSecretRemarks(part, [...path, name]));
  if (typeof key !== 'string' || freeText.includes(key)) return [];
  const written = typeof value === 'string' || typeof value === 'number';
  const literal = written && (secretKey.test(key.replaceAll('-', '_')) || secretText.test(String(value)));
  return literal ? [remark(path, literalSecret)] : [];
}
