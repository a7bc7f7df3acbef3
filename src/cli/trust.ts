// `trust`: shows the certificate that a server really shows, and pins it in the estate. No login is ever sent.
import type { Pin } from '../estate/pin.ts';
import { isSame } from '../estate/pin.ts';
import { Fault } from '../fault.ts';
import { localMachine } from '../machines/local.ts';
import { bare, type Certificate, reach } from '../proxmox/reach.ts';
import { type EstateText, estateTexts, pinned, portsOf, write } from '../trust-files.ts';
import { judgeName, judgePort, type Way } from '../validate/judge-way.ts';
import { shown } from '../values/text.ts';
import type { TrustAnswer, TrustedCertificate } from './answers.ts';
import { type Answer, type Command, flag, type Invocation } from './command.ts';
import { estatePath, misused } from './open.ts';
import { agreed, writtenAsText } from './trust-consent.ts';
import { sshTarget, trustHostKey } from './trust-host-key.ts';

export const trust: Command<TrustAnswer> = {
  name: 'trust',
  says: 'show the certificate or host key that is really shown, and pin it in the estate',
  run: async (invocation) => {
    const { clock } = invocation.surroundings;
    const { files } = localMachine({ name: 'this machine', clock });
    const texts = await estateTexts(estatePath(invocation), files);
    const target = sshTarget(invocation.arguments[0] ?? '', texts);
    if (target !== undefined) return trustHostKey(invocation, target, texts);
    const listener = listenerOf(invocation, texts);
    invocation.show(`looking at ${listener.host}:${listener.port}`);
    const served = await servedBy(
      { ...listener, product: listener.port === 8006 ? 'pve' : 'pbs', pinned: undefined },
      invocation,
    );
    const found = pinned(texts, listener, served.fingerprint);
    const entries = found.flatMap(({ file, pins }) => pins.map((pin) => entryOf(file.file, pin, served)));
    const said = (written: boolean, text: string): Answer<TrustAnswer> => ({
      exit: entries.length === 0 ? 'failed' : 'fine',
      value: { host: listener.host, port: listener.port, certificate: served, entries, written },
      text,
    });
    const seen = certificateAsText(listener, served);
    if (entries.length === 0) return said(false, `${seen}${nothingNamed(listener, served)}`);
    const changes = found.filter(({ file, text }) => text !== file.text);
    const list = entriesAsText(entries);
    if (changes.length === 0) return said(false, `${seen}${list}Nothing is to be pinned; nothing was written.\n`);
    if (flag(invocation, 'dryRun')) return said(false, `${seen}${list}Dry run: nothing was written.\n`);
    if (!flag(invocation, 'yes')) await agreed(invocation, `${seen}${list}${howToCompare(listener)}`, 'certificate');
    const taken = await write(changes, files);
    return said(
      true,
      `${flag(invocation, 'yes') ? `${seen}${list}${howToCompare(listener)}` : ''}${writtenAsText(changes, taken)}`,
    );
  },
};

type Listener = Readonly<{ host: string; port: number }>;

function listenerOf(invocation: Invocation, texts: readonly EstateText[]): Listener {
  const given = invocation.arguments[0] ?? '';
  const alone = !given.startsWith('[') && given.split(':').length > 2;
  const [, host = '', port] = alone ? ['', bare(given)] : (/^(\[[^\]]+\]|[^\s:/@]+)(?::(\d{1,5}))?$/.exec(given) ?? []);
  if (host === '' || Number(port ?? 1) < 1 || Number(port ?? 1) > 65535)
    throw misused(
      'trust',
      `"${shown(given)}" is no host with a port`,
      'write it as HOST:PORT, such as pbs.example:8007',
    );
  if (port !== undefined) return { host: bare(host), port: Number(port) };
  const known = portsOf(texts, bare(host));
  const [only, ...others] = known;
  if (only !== undefined && others.length === 0) return { host: bare(host), port: only };
  throw misused(
    'trust',
    only === undefined
      ? `the estate names no server ${shown(host)}`
      : `the estate names ${host} with the ports ${known.join(' and ')}`,
    `say which: holdfast trust ${shown(host)}:${only ?? 8007}`,
  );
}

async function servedBy(way: Way, { surroundings: { clock } }: Invocation): Promise<Certificate> {
  const { lookUp, knock } = reach({ clock });
  const looked = await lookUp(way.host);
  const named = judgeName(way, looked);
  if (!('addresses' in looked)) throw notSeen(way, named);
  const knocked = await knock({ ...way, addresses: looked.addresses });
  if (knocked.kind === 'served') return knocked.certificate;
  throw notSeen(way, judgePort(way, knocked).find(({ state }) => state !== 'good') ?? named);
}

const notSeen = ({ host, port }: Way, { seen, remedy = '' }: Readonly<{ seen: string; remedy?: string }>): Fault =>
  new Fault('certificate-not-seen', { where: `${host}:${port}`, says: seen, remedy });

const entryOf = (file: string, { section, name, line, from, byAuthority }: Pin, { fingerprint }: Certificate) => ({
  ...{ file, line, section, name: name ?? null, from: from ?? null },
  change: byAuthority
    ? ('stays verified by an authority' as const)
    : isSame(from, fingerprint)
      ? ('none' as const)
      : ('pinned' as const),
});

function certificateAsText({ host, port }: Listener, served: Certificate): string {
  return `${host}:${port} shows the certificate
  subject  ${shown(served.subject)}
  names    ${shown(served.names.join(', '))}
  issuer   ${shown(served.issuer)}
  valid    ${served.from.slice(0, 10)} to ${served.until.slice(0, 10)}
  SHA-256  ${served.fingerprint}
`;
}

const howToCompare = ({ port }: Listener): string =>
  `Compare the SHA-256 with what the server itself prints, at its own console: ${port === 8006 ? 'pvenode cert info' : port === 8007 ? 'proxmox-backup-manager cert info' : 'pvenode cert info, or proxmox-backup-manager cert info'}\n`;

const entriesAsText = (entries: TrustedCertificate['entries']): string =>
  entries
    .map(({ file, line, section, name, from, change }) => {
      const where = `${shown(file)}:${line} ${section} ${shown(name ?? '')}`.trimEnd();
      if (change === 'pinned') return `${where}\n  old  ${shown(from ?? 'none')}\n  new  the one above\n`;
      return `${where}\n  ${change === 'none' ? 'pins it already' : 'trust: ca, which stays as it is'}\n`;
    })
    .join('');

const nothingNamed = ({ host, port }: Listener, { fingerprint }: Certificate): string =>
  `No entry of the estate names ${host}:${port}; nothing was written. The line for one that does:\n  fingerprint: "${fingerprint}"\n`;
