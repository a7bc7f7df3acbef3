// What a machine must have for its gate, as files, folders and one account; pure. The keys can start the gate and nothing else, and
// none of it can be changed by the account they log in to: everything is root's.
import { gateScript } from '../machines/gate/gate-script.ts';
import { sudoersText } from '../machines/gate/sudoers.ts';
import { type GateSettings, type Role, roles } from '../machines/gate/table.ts';
import { digestOfText } from '../values/canonical.ts';

export type GateAccount = Readonly<{ user: string; home: string; sudoers: string }>;

export type GateThing =
  | Readonly<{ what: 'user'; name: string; home: string }>
  | Readonly<{ what: 'folder'; path: string; mode: number }>
  | Readonly<{ what: 'file'; path: string; mode: number; content: string; checked: 'visudo' | null; says: string }>;

export type GateWanted = Readonly<{
  settings: GateSettings;
  account: GateAccount;
  /** public keys, `ssh-ed25519 AAAA...` */
  keys: Readonly<Record<Role, string>>;
  /** addresses that they may be used from */
  from: readonly string[];
}>;

export const accountOf = (user: string): GateAccount => ({
  user,
  home: `/var/lib/${user}-gate`,
  // A name with a dot in it would be passed over (sudoers(5), @includedir).
  sudoers: `/etc/sudoers.d/${user}`,
});

/** In the order in which they are made: nothing can log in before everything else stands. */
export function gateThings({ settings, account, keys, from }: GateWanted): readonly GateThing[] {
  const { folder, scripts } = settings;
  const { user, home, sudoers } = account;
  const ssh = `${home}/.ssh`;
  return [
    { what: 'folder', path: folder, mode: 0o755 },
    ...Object.entries(scripts).map(([name, text]): GateThing => {
      const says = `a script of a layer, started by the gate alone (sha256 ${digestOfText(text).slice(0, 12)})`;
      return file(`${folder}/${name}`, 0o755, withShell(text), says);
    }),
    file(`${folder}/gate`, 0o755, gateScript(settings), 'the gate: the only thing that the keys can start'),
    { what: 'user', name: user, home },
    { what: 'folder', path: home, mode: 0o755 },
    { what: 'folder', path: ssh, mode: 0o755 },
    {
      ...file(sudoers, 0o440, sudoersText(user, settings), 'what the gate may do as root, word by word'),
      checked: 'visudo',
    },
    file(`${ssh}/authorized_keys`, 0o644, authorizedKeys(folder, keys, from), `the keys, from ${from.join(', ')} only`),
  ];
}

const file = (path: string, mode: number, content: string, says: string) =>
  ({ what: 'file', path, mode, content, checked: null, says }) as const;

/** Of the words that `sh -c TEXT NAME …` is given, NAME is left out: it is the name of the file then. */
const withShell = (text: string): string => `#!/bin/sh\n${text}`;

const authorizedKeys = (folder: string, keys: GateWanted['keys'], from: readonly string[]): string =>
  roles
    .map(
      (role) => `restrict,from="${from.join(',')}",command="${folder}/gate ${role}" ${keys[role]} holdfast-${role}\n`,
    )
    .join('');
