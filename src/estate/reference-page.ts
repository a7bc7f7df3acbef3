// docs/reference/estate.md, made from the schema: a section a heading, a field a row.
import { type Field, fieldsOf, isSecret, type JsonSchema } from './fields.ts';

const introduction = [
  '# The estate file\n',
  'Made from the schema by `npm run docs`. The same schema is [estate.schema.json](estate.schema.json): a file that begins with',
  '`# yaml-language-server: $schema=PATH/estate.schema.json` is completed and explained by the editor.\n',
  'An estate is one YAML file, or every `.yaml` of a folder; `include` takes in more. Lists that several files have of one',
  'section are joined, everything else stands in one of them. `[]` in a name is one entry of a list. A *secret* is written as a',
  'reference, never as itself: see [secrets](../guides/secrets.md). What a change of a field means, and who must agree to it:',
  'see [the guard](../guides/guard.md).\n',
].join('\n');

export function referencePage(schema: JsonSchema): string {
  const fields = fieldsOf(schema);
  const tops = fields.filter(({ path }) => !/[.[]/.test(path));
  const within = ({ path }: Field): readonly Field[] =>
    fields.filter((field) => field.path.startsWith(`${path}[`) || field.path.startsWith(`${path}.`));
  const plain = tops.filter((top) => within(top).length === 0);
  const sections = tops.filter((top) => within(top).length > 0);
  return [introduction, table(plain, ''), ...sections.flatMap((top) => section(top, within(top)))].join('\n');
}

const code = (text: string): string => `\`${text}\``;
const sentence = (words = ''): string => `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;

function section(top: Field, fields: readonly Field[]): readonly string[] {
  const prefix = `${top.path}[].`;
  const kinds = [...new Set(fields.map(({ kind }) => kind))];
  return [
    `## ${code(top.path)}\n`,
    `${sentence(top.schema.description)}\n`,
    ...kinds.flatMap((kind) => [
      ...(kind === undefined ? [] : [`Of kind ${code(kind)}:\n`]),
      table(
        fields.filter((field) => field.kind === kind),
        prefix,
      ),
    ]),
  ];
}

const table = (fields: readonly Field[], prefix: string): string =>
  [
    '| field | is | default | means |',
    '| --- | --- | --- | --- |',
    ...fields.map((each) => row(each, prefix)),
    '',
  ].join('\n');

function row({ path, schema, required }: Field, prefix: string): string {
  const standard = schema.default === undefined ? '' : code(JSON.stringify(schema.default));
  const cells = [
    code(path.slice(prefix.length)),
    typeOf(schema),
    required ? 'required' : standard,
    schema.description ?? '',
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
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
  if (only !== undefined) return code(String(only));
  if (choices !== undefined) return choices.map((choice) => code(String(choice))).join(', ');
  const forms = schema.anyOf ?? schema.oneOf;
  if (forms !== undefined) return [...new Set(forms.map(typeOf))].join(', or ');
  if (type === 'array') return items === undefined ? 'list' : `list of ${typeOf(items)}`;
  return typeNames[String(type)] ?? 'anything';
}
