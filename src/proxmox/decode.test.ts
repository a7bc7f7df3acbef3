import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { figure, flag, flagUnlessOff, set, text, whole } from './decode.ts';
import { parseJson } from './json.ts';
import { formatPropertyString, parsePropertyString } from './property-string.ts';

describe('reading tolerantly', () => {
  it('takes a boolean in any of its forms', () => {
    for (const on of [1, '1', true, 'true', 'yes', 'on']) assert.equal(flag(on), true, String(on));
    for (const off of [0, '0', false, '', undefined, null, 'no', 2, {}]) assert.equal(flag(off), false, String(off));
    assert.equal(flagUnlessOff(undefined), true);
    assert.equal(flagUnlessOff('0'), false);
  });

  it('takes a number as a number or as digits, and nothing else as a number', () => {
    assert.equal(whole('3'), 3);
    assert.equal(whole(3), 3);
    assert.equal(figure('0.5'), 0.5);
    for (const not of ['', '3x', '0x10', ' 3', null, true, [], Number.NaN, '9'.repeat(40)])
      assert.equal(whole(not), undefined);
  });

  it('takes an empty text as unset', () => {
    assert.equal(text(''), undefined);
    assert.equal(text(8007), '8007');
  });

  it('gives equal sets for lists in any order', () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-z0-9.-]{1,8}$/));
    const shuffled = names.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
    );
    fc.assert(
      fc.property(shuffled, fc.constantFrom(',', ';', ' ', ', ', '\0'), ([list, other], separator) => {
        assert.deepEqual(set(list.join(',')), set(other.join(separator)));
        assert.deepEqual(set(list), set(other));
      }),
    );
  });

  it('does not confuse sets that differ', () => {
    assert.notDeepEqual(set('a,b'), set('a,c'));
    assert.deepEqual(set('b,a,a,,'), ['a', 'b']);
    assert.deepEqual(set(undefined), []);
  });
});

describe('a property string', () => {
  it('keeps its order, and shows booleans as 1 and 0', () => {
    assert.equal(formatPropertyString({ 'keep-last': 3, 'keep-daily': 7 }), 'keep-last=3,keep-daily=7');
    assert.equal(formatPropertyString({ storage: 'x', enabled: true }, 'enabled'), '1,storage=x');
  });

  it('is read back as it was written', () => {
    const key = fc.stringMatching(/^[a-z][a-z-]{0,8}$/);
    const value = fc.stringMatching(/^[A-Za-z0-9/:._-]{1,8}$/);
    fc.assert(
      fc.property(fc.dictionary(key, value, { noNullPrototype: true }), (properties) => {
        assert.deepEqual([...parsePropertyString(formatPropertyString(properties))], Object.entries(properties));
      }),
    );
  });

  it('is read tolerantly as a server stored it', () => {
    assert.deepEqual(
      [...parsePropertyString('1,storage=x', 'enabled')],
      [
        ['enabled', '1'],
        ['storage', 'x'],
      ],
    );
    assert.deepEqual(
      [...parsePropertyString('read-only,message="moving, back \\"soon\\""', 'type')],
      [
        ['type', 'read-only'],
        ['message', 'moving, back "soon"'],
      ],
    );
    assert.deepEqual([...parsePropertyString('keep-last=3,,keep-last=4')], [['keep-last', '4']]);
    assert.deepEqual([...parsePropertyString('')], []);
  });
});

describe('JSON from a stranger', () => {
  const limits = { depth: 3, containers: 4, values: 10 };
  const parse = (value: string) => parseJson(Buffer.from(value), limits);

  it('is parsed within its limits', () => {
    assert.deepEqual(parse('{"a":[1,"]]]],,,{{{","\\"["]}'), { kind: 'value', value: { a: [1, ']]]],,,{{{', '"['] } });
  });

  it('is refused beyond them, before it becomes a heap', () => {
    for (const [value, says] of [
      ['[[[[1]]]]', /deeper than 3/],
      ['[[],[],[],[]]', /more entries/],
      [`[${'1,'.repeat(11)}1]`, /more entries/],
      ['[1', /no complete JSON/],
      ['["abc', /no complete JSON/],
    ] as const) {
      const parsed = parse(value);
      assert.equal(parsed.kind, 'problem', value);
      assert.match(parsed.kind === 'problem' ? parsed.says : '', says);
    }
  });
});
