// The fields of the estate, read off its JSON Schema: what the reference page lists, what a change class is asked for, and
// where a key belongs that stands in the wrong place.

export type JsonSchema = Readonly<{
  $ref?: string;
  $defs?: Readonly<Record<string, JsonSchema>>;
  title?: string;
  type?: string | readonly string[];
  description?: string;
  default?: unknown;
  const?: unknown;
  enum?: readonly unknown[];
  properties?: Readonly<Record<string, JsonSchema>>;
  required?: readonly string[];
  items?: JsonSchema;
  prefixItems?: readonly JsonSchema[];
  additionalProperties?: boolean | JsonSchema;
  anyOf?: readonly JsonSchema[];
  oneOf?: readonly JsonSchema[];
  allOf?: readonly JsonSchema[];
}>;

export type Field = Readonly<{
  /** `pbs[].datastores[].name` */
  path: string;
  schema: JsonSchema;
  required: boolean;
  /** nothing below it has a name of its own */
  leaf: boolean;
  /** of which kinds' entries it is, where entries have kinds */
  kind: string | undefined;
}>;

const secretReferenceId = 'secret_reference';

/** Every field, in the order of the schema, a section before what is in it. */
export function fieldsOf(root: JsonSchema): readonly Field[] {
  const known = (schema: JsonSchema): JsonSchema =>
    schema.$ref === undefined ? schema : { ...root.$defs?.[schema.$ref.replace(/^#\/\$defs\//, '')], ...schema };

  const below = (schema: JsonSchema, path: string, kind: string | undefined): readonly Field[] => {
    if (isSecret(schema)) return [];
    const whole = known(schema);
    const forms = formsOf(whole.anyOf ?? whole.oneOf ?? []);
    return [
      ...Object.entries(whole.properties ?? {}).flatMap(([key, part]) => field(whole, key, part, path, kind)),
      ...(whole.items === undefined ? [] : below(whole.items, `${path}[]`, kind)),
      ...forms.flatMap((form) => below(form, path, kindOf(known(form)) ?? kind)),
    ];
  };

  const field = (
    parent: JsonSchema,
    key: string,
    part: JsonSchema,
    path: string,
    kind: string | undefined,
  ): readonly Field[] => {
    const here = path === '' ? key : `${path}.${key}`;
    const inside = below(part, here, kind);
    const required = parent.required?.includes(key) ?? false;
    return [{ path: here, schema: { ...known(part), ...part }, required, leaf: inside.length === 0, kind }, ...inside];
  };

  return below(root, '', undefined);
}

/** One thing, or a list of such things: its fields are those of the one. */
const formsOf = (forms: readonly JsonSchema[]): readonly JsonSchema[] =>
  forms.some(({ properties }) => properties !== undefined) ? forms.filter(({ items }) => items === undefined) : forms;

export const isSecret = (schema: JsonSchema): boolean => schema.$ref?.endsWith(`/${secretReferenceId}`) ?? false;

const kindOf = (form: JsonSchema): string | undefined => {
  const kind = form.properties?.['kind']?.const;
  return typeof kind === 'string' ? kind : undefined;
};
