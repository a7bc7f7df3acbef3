// Two things go wrong behind Holdfast's back: a certificate is renewed, and a storage is switched off and its retention cut.
import type { Simulated } from './simulated.ts';
import type { Teller } from './teller.ts';

const fingerprint = /(?:[0-9A-F]{2}:){31}[0-9A-F]{2}/g;

export async function accident({ chapter, say, type, demand }: Teller, servers: Simulated): Promise<void> {
  const { change, renewCertificate, fingerprintShownBy, server, writes } = servers;
  const pbs = new URL(server('pbs-pihanga').url).host;
  const old = server('pbs-pihanga').fingerprint;
  chapter('An accident');
  await renewCertificate('pbs-pihanga');
  await change({
    server: 'ruapehu',
    storage: 'pbs-pihanga',
    set: { disable: 1, 'prune-backups': 'keep-last=1' },
  });
  const before = writes();
  say(
    'Somebody renewed the certificate of the PBS, so no host trusts it any more. Somebody else switched the storage of ruapehu off, and let it keep a single backup. Tonight not one host would get its backups out. What differs from the file?',
  );
  const drift = type(['drift'], { exit: 3, only: [/^[┌│├└]/, /^\d+ things?/], first: [/could not be compared/] });
  demand(/enabled +│ no +│ yes/.test(drift), 'the storage that was switched off is found');
  demand(/keep_last: 1 +│ keep_all: 1/.test(drift), 'and so is the cut retention');
  say('Why could the PBS not be compared? The check of every connection says it, and what to do:');
  const broken = type(['validate'], {
    exit: 1,
    only: [/^[┌│├└]/, /failed\.$/],
    first: [/^ {2}✗ certificate/, /^ {6}do this: compare/],
  });
  const shown = await fingerprintShownBy('pbs-pihanga');
  demand(
    shown !== old && broken.includes(old) && broken.includes(shown),
    'both certificates are shown, the old and the new',
  );
  demand(/no login was sent to it/.test(broken), 'and a server that might be an impostor got no password');

  say('Is it the new one, or an impostor? `trust` shows it, and writes nothing yet.');
  const seen = type(['trust', pbs, '--dry-run'], { only: [/SHA-256/, /^estate\.yaml:\d+/, /^Dry run/] });
  say(
    'That SHA-256 is compared with what the PBS prints at its own console (`proxmox-backup-manager cert info`). The demo has no console: a second program looks at the certificate.',
  );
  demand(seen.match(fingerprint)?.[0] === shown, 'both see the same certificate');
  say('So it is pinned, in every entry that names this server; comments and order of the file stay.');
  type(['trust', pbs, '--yes'], { only: [/^Pinned/] });
  demand(writes() === before, 'finding and explaining all this wrote to no server');

  say('The repair is one more apply: the hosts learn the certificate, the storage is switched on, nothing is cut.');
  type(['apply', '--yes'], { only: [/^ {2}~ /, /^ {6}(?:enabled|prune_backups) /, /^ {2}✓/, /^Run /] });
  const repaired = type(['drift', '--detailed-exitcode']);
  demand(/^Everything is as declared/m.test(repaired), 'all is as it was wanted');
}
