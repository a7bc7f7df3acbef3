// Every field of the estate has a class of change, and every class a field: a commit that changes what nobody thought of
// must not pass for harmless (threat model, 2b).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { classOfChange, ruleOf } from '../guard/change-class.ts';
import table from '../guard/change-classes.json' with { type: 'json' };
import { kinds } from './estate.test-support.ts';
import { type Field, fieldsOf } from './fields.ts';
import { estateJsonSchema } from './json-schema.ts';

const fields = fieldsOf(estateJsonSchema(kinds));
const leaves = fields.filter(({ leaf }) => leaf).map(({ path }) => path);
const withoutClass = (paths: readonly string[]): readonly string[] =>
  paths.filter((path) => ruleOf(path) === undefined);

describe('the classes of change', () => {
  it('cover every field of the estate', () => assert.deepEqual(withoutClass(leaves), []));

  it('would not cover a field nobody thought of', () =>
    assert.deepEqual(withoutClass([...leaves, 'pve[].frobnicate', 'brand_new[].name']), [
      'pve[].frobnicate',
      'brand_new[].name',
    ]));

  it('are given to fields that are there', () => {
    const known = new Set(fields.map(({ path }: Field) => path));
    assert.deepEqual(
      Object.keys(table.fields).filter((path) => !known.has(path)),
      [],
    );
    assert.deepEqual(
      Object.keys(table.derived).filter((path) => known.has(path)),
      [],
      'what is derived is no field',
    );
  });

  it('name rules that are there', () => {
    const all = Object.keys({ ...table.fields, ...table.derived });
    assert.deepEqual(withoutClass(all), []);
    for (const path of all)
      assert.ok(
        ['strengthens', 'neutral', 'weakens', 'reaches'].includes(classOfChange(path, undefined, undefined).class),
        path,
      );
  });

  it('make everything that leads to another host or another secret a reach', () => {
    const reaching = leaves.filter((path) =>
      /\.(url|fingerprint|trust|secret|password|encryption_key|server)$|\.token$/.test(path),
    );
    assert.ok(reaching.length > 20);
    for (const path of reaching) assert.equal(classOfChange(path, 'a', 'b').class, 'reaches', path);
  });
});
