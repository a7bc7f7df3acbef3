// `trust` as an operator types it: what is believed is the bytes of the files, and what came in at the listener.
import assert from 'node:assert/strict';
import { chownSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { hostileServer, makeCertificate } from '../../src/proxmox/hostile-server.test-support.ts';
import { type Answered, type Estate, estateAt } from './estate.test-support.ts';
import { validatingLab } from './validating.test-support.ts';

const { folderFor, pbs } = validatingLab();

describe('trust', () => {
  const old = Array(32).fill('AA').join(':');
  const written = (): string => `# kept
pbs:
    -   name: ${pbs().name}     # kept too
        url: '${pbs().url}'
        fingerprint: '${old}'
        token: { id: holdfast@pbs!ops, secret: { file: ${pbs().name}.token } }
include: [storages.yaml]
`;
  const included = (): string =>
    `pbs_storages: [ {name: one,server: 127.0.0.1,port: ${pbs().port},datastore: tank,fingerprint: "${old}"} ]  # kept\n`;
  function twoFiles(): { estate: Estate; texts: () => readonly string[]; main: string } {
    const own = folderFor('trust');
    const [main, other] = [join(own, 'estate.yaml'), join(own, 'storages.yaml')];
    writeFileSync(main, written(), { mode: 0o640 });
    writeFileSync(other, included());
    const estate = estateAt(main, 'lab', folderFor('state'), own);
    return { estate, main, texts: () => [main, other].map((file) => readFileSync(file, 'utf8')) };
  }
  const at = () => `127.0.0.1:${pbs().port}`;
  const unchanged = () => [written(), included()];

  it('pins what is served in every file that names the server, and changes no other byte', async () => {
    const { estate, texts, main } = twoFiles();
    const pinned = await estate.type('trust', at(), '--yes');
    assert.equal(pinned.status, 0, pinned.stderr);
    assert.match(pinned.stdout, new RegExp(`SHA-256 +${pbs().fingerprint}`));
    assert.match(pinned.stdout, /storages\.yaml:1 pbs_storages one\n +old +AA:AA/);
    assert.deepEqual(
      texts(),
      unchanged().map((text) => text.replace(old, pbs().fingerprint)),
    );
    assert.equal(statSync(main).mode & 0o777, 0o640);
    assert.match(
      (await estate.type('trust', '127.0.0.1', '--yes')).stdout,
      /pins it already[\s\S]*nothing was written/,
    );
  });

  it("says whose a file was that is its writer's now, since its group may no longer be able to read it", {
    skip: process.getuid?.() !== 0,
  }, async () => {
    const { estate, main } = twoFiles();
    chownSync(main, 0, 1234);
    const pinned = await estate.type('trust', at(), '--yes');
    assert.match(pinned.stdout, new RegExp(`belonged to the user 0 and the group 1234[^\\n]*chown 0:1234 ${main}`));
    assert.doesNotMatch(pinned.stdout, /storages\.yaml belonged/);
  });

  it('writes nothing with --dry-run, and nothing where nobody can be asked', async () => {
    const { estate, texts } = twoFiles();
    assert.match((await estate.type('trust', at(), '--dry-run')).stdout, /Dry run: nothing was written/);
    const refused: Answered = await estate.type('trust', at());
    assert.equal(refused.status, 64);
    assert.match(refused.stderr, /consent-missing[\s\S]*--yes/);
    assert.deepEqual(texts(), unchanged());
  });

  it('sends no login, whoever listens there', async () => {
    await using listener = await hostileServer(makeCertificate(), () => assert.fail('a request was sent'));
    const { estate } = twoFiles();
    const seen = await estate.type('trust', listener.audience);
    assert.equal(seen.status, 1);
    assert.match(seen.stdout, /No entry of the estate names[\s\S]*fingerprint: "/);
    assert.equal(listener.received(), '');
  });

  it('says what to do where nothing answers, and which port where the estate has none or several', async () => {
    const { estate, texts } = twoFiles();
    const down = await estate.type('trust', '127.0.0.1:1', '--yes');
    assert.equal(down.status, 1);
    assert.match(down.stderr, /certificate-not-seen[\s\S]*nothing listens/);
    assert.match(
      (await estate.type('trust', 'elsewhere.example')).stderr,
      /names no server elsewhere\.example[\s\S]*holdfast trust elsewhere\.example:8007/,
    );
    assert.equal((await estate.type('trust', 'https://x')).status, 64);
    assert.deepEqual(texts(), unchanged());
  });
});
