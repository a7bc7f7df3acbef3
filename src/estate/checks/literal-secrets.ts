// Secrets that somebody wrote into the file: under keys that are known for it, and keys of private kinds wherever they are.
import { literalSecret } from '../../values/secret-reference.ts';
import { isMapping } from '../at.ts';
import { type Path, type Remark, remark } from '../problem.ts';

const secretKey =
  /^(password|passwd|passphrase|secret|token|credentials?|(api|access|private|secret)_?key|(api|auth|access)_?token)$/i;
const secretText = /-----BEGIN [A-Z ]*PRIVATE KEY-----|P(VE|BS)APIToken=|^Bearer \S{8,}/;
// `--password=VALUE` of a program; a name in its place cannot be told from the thing itself.
const secretArgument = /^--?(password|passwd|passphrase|token|(api|access|auth)[-_](key|token))=./i;
// Any text may stand there, and people explain things with examples.
const freeText = ['description', 'comment', 'reason'];

export function literalSecretRemarks(value: unknown, path: Path = []): readonly Remark[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => literalSecretRemarks(item, [...path, index]));
  if (isMapping(value))
    return Object.entries(value).flatMap(([name, part]) => literalSecretRemarks(part, [...path, name]));
  const written = typeof value === 'string' || typeof value === 'number';
  const key = path.findLast((part) => typeof part === 'string') ?? '';
  if (!written || freeText.includes(key)) return [];
  return isLiteral(key, path.at(-1) === key, String(value)) ? [remark(path, literalSecret)] : [];
}

/** What stands in a list is known by its own look only: a list under `token` is the schema's to refuse. */
const isLiteral = (key: string, alone: boolean, written: string): boolean =>
  secretText.test(written) ||
  (alone ? secretKey.test(key.replaceAll('-', '_')) : key === 'command' && secretArgument.test(written));
