// docs/reference/estate.md, made from the schema: a section a heading, a field a row.
import { type Field, fieldsOf, isSecret, type JsonSchema } from './fields.ts';

const introduction = `# The estate file

This page is made from the schema (`npm run docs`); the same schema is
[estate.schema.json](estate.schema.json), which gives an editor completion and a word on each field:
begin a file with `# yaml-language-server: $schema=PATH/estate.schema.json`.

An estate is one YAML file, or every `.yaml` of a folder. What several files say of one section is joined. `[]` is one entry
of a list. A *secret* is written as a reference, never as itself: [secrets](../guides/secrets.md).
`;

export function referencePage(schema: JsonSchema): string {
  const fields = fieldsOf(schema);
  const tops = fields.filter(({ path }) => !path.includes('.') && !path.includes('[]'));
  const within = (top: Field): readonly Field[] =>
    fields.filter(({ path }) => path.startsWith(`${top.path}[`) || path.startsWith(`${top.path}.`));
  const plain = tops.filter((top) => within(top).length === 0);
  const sections = tops.filter((top) => within(top).length > 0);
  return [
    introduction,
    table(plain, ''),
    ...sections.flatMap((top) => section(top, within(top))),
  ].join('\n');
}

function section(top: Field, fields: readonly Field[]): readonly string[] {
  const kinds = [...new Set(fields.map(({ kind }) => kind))];
  const shown = kinds.flatMap((kind) => {
    const own = fields.filter((field) => field.kind === kind);
    return [...(kind === undefined ? [] : [`Of kind \\`${kind}\\`:\n`]), table(own, prefixOf(top, own))];
  });
  return [`## \\`${top.path}\\`\n`, `${sentence(top.schema.description ?? '')}\n`, ...shown];
}

const prefixOf = (top: Field, fields: readonly Field[]): string =>
  fields.every(({ path }) => path.startsWith(`${top.path}[].`)) ? `${top.path}[].` : `${top.path}.`;

const sentence = (words: string): string => `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;

const table = (fields: readonly Field[], prefix: string): string =>
  [
    '| field | is | default | means |',
    '| --- | --- | --- | --- |',
    ...fields.map((field) => row(field, prefix)),
    '',
  ].join('\n');

function row({ path, schema, required }: Field, prefix: string): string {
  const standard = required ? '**required**' : schema.default === undefined ? '' : `\\`${JSON.stringify(schema.default)}\\``;
  const cells = [`\\`${path.slice(prefix.length)}\\``, typeOf(schema), standard, schema.description ?? ''];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\\\|')).join(' | ')} |`;
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'whole number',
  number: 'number',
  boolean: 'true or false',
  object: 'mapping',
};

function typeOf(schema: JsonSchema): string {
  if (isSecret(schema)) return '*secret*';
  const { const: only, enum: choices, type, items } = schema;
  if (only !== undefined) return `\\`${String(only)}\\``;
  if (choices !== undefined) return choices.map((choice) => `\\`${String(choice)}\\``).join(', ');
  const forms = schema.anyOf ?? schema.oneOf;
  if (forms !== undefined) return [...new Set(forms.map(typeOf))].join(', or ');
  if (type === 'array') return items === undefined ? 'list' : `list of ${typeOf(items)}`;
  return typeNames[String(type)] ?? 'anything';
}
