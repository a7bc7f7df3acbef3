import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { redactor, Secret } from './secret.ts';

const awkward = 'p"ä ss/wörd+\n\\=%';

describe('a secret', () => {
  it('opens for its audience and for nobody else', () => {
    const secret = new Secret('file ruapehu.token', awkward, 'ruapehu:8006');
    assert.equal(secret.revealTo('ruapehu:8006'), awkward);
    for (const other of ['', 'ruapehu', 'RUAPEHU:8006', 'ruapehu:8006 ', 'evil.example:8006'])
      assert.throws(
        () => secret.revealTo(other),
        (error: Error) => error.message.includes('file ruapehu.token') && !error.message.includes(awkward),
      );
  });

  it('shows its name wherever a text is made of it', () => {
    const secret = new Secret('env PBS_TOKEN', awkward, 'pihanga:8007');
    assert.equal(`${secret}`, '[secret env PBS_TOKEN]');
    assert.equal(JSON.stringify({ secret }), '{"secret":"[secret env PBS_TOKEN]"}');
  });
});

describe('the redactor', () => {
  const clean = redactor([new Secret('one', awkward, 'a'), new Secret('two', 'canary-two', 'b')]);

  const written: Readonly<Record<string, string>> = {
    'as it is': awkward,
    'in base64': Buffer.from(awkward).toString('base64'),
    'in base64 for URLs': Buffer.from(awkward).toString('base64url'),
    'in a URL': encodeURIComponent(awkward),
    'in JSON': JSON.stringify(awkward),
    'in hex': Buffer.from(awkward).toString('hex'),
  };
  for (const [how, form] of Object.entries(written))
    it(`takes a secret out of a text ${how}`, () => {
      const cleaned = clean(`401: token ${form} is not known, nor is ${form}`);
      assert.ok(cleaned.includes('[secret]'), cleaned);
      assert.ok(!cleaned.includes(form.replaceAll('"', '')), cleaned);
    });

  it('takes out every secret, the longer one first', () => {
    const both = redactor([new Secret('short', 'canary', 'a'), new Secret('long', 'canary-and-more', 'a')]);
    assert.equal(both('canary-and-more, canary'), '[secret], [secret]');
    assert.equal(clean('canary-two'), '[secret]');
  });

  it('leaves everything else as it was', () => {
    const text = 'canary-one 401 Unauthorized at https://pihanga:8007';
    assert.equal(clean(text), text);
    assert.equal(redactor([])(awkward), awkward);
  });
});
