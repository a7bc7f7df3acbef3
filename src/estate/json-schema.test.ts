import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { kinds } from './estate.test-support.ts';
import { fieldsOf, type JsonSchema } from './fields.ts';
import { estateJsonSchema } from './json-schema.ts';
import { referencePage } from './reference-page.ts';

const schema = estateJsonSchema(kinds);
const fields = fieldsOf(schema);

/** Every mapping the schema speaks of, wherever it stands. */
function mappings(part: unknown): readonly JsonSchema[] {
  if (typeof part !== 'object' || part === null) return [];
  const inner = Object.values(part).flatMap(mappings);
  return 'properties' in part && 'type' in part ? [part as JsonSchema, ...inner] : inner;
}

describe('the published schema', () => {
  it('has a word on each field, for whoever completes it in an editor', () =>
    assert.deepEqual(
      fields.filter((field) => (field.schema.description ?? '') === '').map(({ path }) => path),
      [],
    ));

  it('knows the sections of this house and those of kinds', () => {
    const paths = fields.map(({ path }) => path);
    for (const path of [
      'pve[].identities.run.secret',
      'pbs[].datastores[].prune.keep_daily',
      'pbs_storages[].prune_backups.keep_all',
      'layers[].image',
      'channels[].url',
      'backup_jobs[].select.all_but',
    ])
      assert.ok(paths.includes(path), path);
    assert.equal(fields.find(({ path }) => path === 'layers[].image')?.kind, 'disk-image');
  });

  it('lets an editor mark every key that is not known', () => {
    const all = mappings(schema);
    assert.ok(all.length > 20);
    assert.deepEqual(
      all.filter(({ additionalProperties }) => additionalProperties !== false),
      [],
    );
  });

  it('takes a secret nowhere but as a reference', () => {
    const secrets = fields.filter(
      ({ path }) => /(\.secret|\.password|\.token)$/.test(path) && !/(pve|pbs)\[\](\.identities)?\.token$/.test(path),
    );
    assert.ok(secrets.length > 10);
    for (const { path, schema: field } of secrets) assert.match(field.$ref ?? '', /secret_reference$/, path);
  });

  it('leaves the shape of a reference to references: no other mapping has one of their keys alone', () => {
    const references = schema.$defs?.['secret_reference'];
    const others = mappings({ ...schema, $defs: {} }).filter(({ properties }) => {
      const [key, ...more] = Object.keys(properties ?? {});
      return more.length === 0 && ['env', 'file', 'command', 'vault', 'systemd'].includes(key ?? '');
    });
    assert.equal(mappings(references).length, 5);
    assert.deepEqual(others, []);
  });
});

describe('the reference page', () => {
  it('has a row for each field', () => {
    const rows = referencePage(schema)
      .split('\n')
      .filter((line) => line.startsWith('| `'));
    const tops = fields.filter(({ path }) => !/[.[]/.test(path));
    const withFields = tops.filter(({ path }) => fields.some((field) => field.path.startsWith(`${path}[`)));
    assert.equal(rows.length, fields.length - withFields.length);
  });
});
