// Where a secret is kept. The estate holds references only; the five kinds are told apart by their one key. A mapping with
// nothing but one of these keys is a reference wherever it stands in an estate: kinds do not use the shape for anything else.
import * as z from 'zod';
import { shown } from './text.ts';

const howToWrite = {
  env: '`env` is the name of an environment variable: { env: PBS_TOKEN }',
  file: '`file` is the path of a file that holds nothing but the secret: { file: /etc/holdfast/NAME }',
  command: '`command` is a list that begins with an absolute path: { command: [/usr/bin/pass, show, NAME] }',
  vault: '`vault` is a path and a key with # between them: { vault: secret/holdfast#NAME }',
  systemd: '`systemd` is the name of a credential of the unit: { systemd: NAME }',
} as const;
type Form = keyof typeof howToWrite;

const unusable = (form: Form): string => `is no usable reference; ${howToWrite[form]}`;
const written = (form: Form, as: RegExp) => z.string({ error: unusable(form) }).regex(as, { error: unusable(form) });

const forms = {
  env: z.strictObject({ env: written('env', /^[A-Za-z_][A-Za-z0-9_]*$/) }),
  file: z.strictObject({ file: written('file', /^[^\0]+$/) }),
  command: z.strictObject({ command: z.tuple([written('command', /^\/[^\0]+$/)], z.string()) }),
  vault: z.strictObject({ vault: written('vault', /^[^#\s?]+#[^#\s]+$/) }),
  systemd: z.strictObject({ systemd: written('systemd', /^[A-Za-z0-9_][A-Za-z0-9._-]*$/) }),
} as const satisfies Readonly<Record<Form, z.ZodType>>;
const formNames = Object.keys(forms) as Form[];

/** What is wrong with a text where a secret's reference belongs. It says how to move the secret, never the secret. */
export const literalSecret =
  'holds the secret itself; put it in a 0600 file and write { file: NAME }, then change the secret: it has been readable here';

const isMapping = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function onlyForm(value: unknown): Form | undefined {
  if (!isMapping(value)) return undefined;
  const [key, ...others] = Object.keys(value);
  return others.length === 0 ? formNames.find((name) => name === key) : undefined;
}

function problemOf(value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return literalSecret;
  if (value === undefined) return 'is missing; write where the secret is kept, such as { file: /etc/holdfast/NAME }';
  const form = onlyForm(value);
  if (form !== undefined) return unusable(form);
  return 'is no reference to a secret; write one of { env: NAME }, { file: PATH }, { command: [PATH, ...] }, { vault: PATH#KEY }, { systemd: NAME }';
}

export const secretReference = z
  .union([forms.env, forms.file, forms.command, forms.vault, forms.systemd], {
    error: (issue) => problemOf(issue.input),
  })
  .meta({ id: 'secret_reference', description: 'where a secret is kept; never the secret itself' });
export type SecretReference = z.infer<typeof secretReference>;

/** How a reference is named where the secret itself may not be: `file /etc/holdfast/ruapehu.token`. */
export const nameOfReference = (reference: SecretReference): string => shown(plainName(reference));

function plainName(reference: SecretReference): string {
  if ('env' in reference) return `env ${reference.env}`;
  if ('file' in reference) return `file ${reference.file}`;
  if ('command' in reference) return `command ${reference.command[0]}`;
  if ('vault' in reference) return `vault ${reference.vault}`;
  return `systemd ${reference.systemd}`;
}

export const isSecretReference = (value: unknown): value is SecretReference => {
  const form = onlyForm(value);
  return form !== undefined && forms[form].safeParse(value).success;
};

export type PlacedReference = Readonly<{ path: readonly (string | number)[]; reference: SecretReference }>;

/** Every reference in a value, however deep, in the order in which they stand there. */
export function referencesIn(value: unknown, path: readonly (string | number)[] = []): readonly PlacedReference[] {
  if (isSecretReference(value)) return [{ path, reference: value }];
  if (Array.isArray(value)) return value.flatMap((item, index) => referencesIn(item, [...path, index]));
  if (!isMapping(value)) return [];
  return Object.entries(value).flatMap(([key, item]) => referencesIn(item, [...path, key]));
}

export type SecretFileFacts = Readonly<{ type: string; mode: number }>;

/** What keeps a file from being a secret's, or undefined. `readers` of a systemd credential may be its group, too. */
export function secretFileProblem(found: SecretFileFacts, readers: 'owner' | 'owner and group'): string | undefined {
  if (found.type === 'link') return 'is a symbolic link; name the file it points to';
  if (found.type !== 'file') return 'is no regular file; a secret is kept alone in a file of its own';
  const extra = found.mode & 0o7777 & (readers === 'owner' ? ~0o600 : ~0o640);
  const octal = (found.mode & 0o7777).toString(8).padStart(4, '0');
  if ((extra & 0o077) !== 0) return `can be opened by others (mode ${octal}); run chmod 600 on it`;
  return extra === 0 ? undefined : `has mode ${octal}; run chmod 600 on it`;
}
