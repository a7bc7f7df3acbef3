// `init --here` on a host: least-privilege logins, shown first. The authorities are what the host's own tools were told to make
// (stand-ins with a state), stat, and grep.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Report } from '../report.ts';
import { type Host, hostWith } from './host-tools.ts';
import { seen } from './world.ts';

export async function proveInit(report: Report): Promise<void> {
  report.section('init --here: the rights that each kind of work needs, and no more');
  if (process.getuid?.() !== 0) return report.skip('init --here', 'it is for root');
  await proveOn(report, 'PVE', ['pveum', 'pvesh'], wantedOnPve);
  await proveOn(report, 'PBS', ['proxmox-backup-manager'], wantedOnPbs);
  const bare = hostWith([]);
  const refused = await bare.init('--yes');
  report.control(
    'init --here where there is no Proxmox',
    refused.status === 64 && /neither a PVE nor a PBS/.test(refused.stderr),
  );
  bare.close();
}

// By hand, from what PVE and PBS ask of each call: who may do what, where; `!` stands below it too.
const wantedOnPve: Wanted = {
  'holdfast-observe@pve': ['/ PVEAuditor 1'],
  'holdfast-configure@pve': [
    '/ Sys.Audit,Sys.Modify 0',
    '/storage Datastore.Allocate,Datastore.Audit 1',
    '/vms VM.Audit 1',
  ],
  'holdfast-run@pve': [
    '/nodes Sys.Audit 1',
    '/storage/pbs-home Datastore.AllocateSpace,Datastore.Audit 1',
    '/vms VM.Audit,VM.Backup 1',
  ],
};
const wantedOnPbs: Wanted = {
  'holdfast-observe@pbs': ['/ Audit 1', '/remote RemoteAudit 1'],
  'holdfast-configure@pbs': ['/access Admin 1', '/datastore Admin 1', '/remote RemoteAdmin 1', '/system Admin 1'],
  'holdfast-storage@pbs': ['/datastore/tank DatastoreBackup 1'],
};
type Wanted = Readonly<Record<string, readonly string[]>>;

/** `PATH PRIVILEGES-OR-ROLE PROPAGATE` of each login, those of the token apart. */
function rightsIn(host: Host): Wanted {
  const { acl, roles } = host.state();
  const all = Object.groupBy(acl, ({ ugid }) => ugid);
  return Object.fromEntries(
    Object.entries(all).map(([login, rights = []]) => [
      login,
      rights
        .map(
          ({ path, roleid, propagate }) =>
            `${path} ${roles[roleid]?.split(/[ ,]+/).sort().join() ?? roleid} ${propagate}`,
        )
        .sort(),
    ]),
  );
}
const asLogins = (wanted: Wanted): Wanted =>
  Object.fromEntries(
    Object.entries(wanted).flatMap(([user, rights]) => [
      [user, rights],
      [`${user}!holdfast`, rights],
    ]),
  );
const inOrder = (rights: Wanted): string =>
  JSON.stringify(Object.entries(rights).toSorted(([one], [other]) => (one < other ? -1 : 1)));

async function proveOn(report: Report, product: string, tools: readonly string[], wanted: Wanted): Promise<void> {
  const host = hostWith(tools);
  try {
    const unasked = await host.init();
    report.control(
      `${product}: anything made without a yes (shown, 64, and nothing done)`,
      unasked.status === 64 && /acl (modify|update)/.test(unasked.stderr) && host.state().did.length === 0,
    );
    const made = await host.init('--yes');
    const { users, tokens } = host.state();
    const rights = rightsIn(host);
    report.row(
      `${product}: users, tokens and rights, exactly`,
      made.command,
      "the state of the host's own tools, against a list written by hand",
      (made.status === 0 &&
        inOrder(rights) === inOrder(asLogins(wanted)) &&
        users.length === 1 + Object.keys(wanted).length &&
        Object.keys(tokens).length === Object.keys(wanted).length) ||
        seen(inOrder(rights), made),
    );
    const files = Object.entries(tokens).map(([id, secret]) => {
      const [, identity = ''] = /^holdfast-(\w+)@/.exec(id) ?? [];
      return { file: join(host.folder, 'secrets', `${product.toLowerCase()}-${identity}.token`), secret };
    });
    report.row(
      `${product}: secrets are in files for root alone, and nowhere else`,
      made.command,
      'stat: 0600; the secrets of the tools; what was printed and written',
      files.every(
        ({ file, secret }) =>
          existsSync(file) &&
          (statSync(file).mode & 0o777) === 0o600 &&
          readFileSync(file, 'utf8').trim() === secret &&
          !`${made.stdout}${made.stderr}${readFileSync(join(host.folder, 'estate.yaml'), 'utf8')}`.includes(secret),
      ) || seen(made),
    );
    const did = host.state().did.length;
    const again = await host.init('--yes');
    report.row(
      `${product}: the second time nothing is made`,
      again.command,
      "the state of the host's own tools: no call that changes anything",
      (again.status === 0 && host.state().did.length === did) || seen(again),
    );
    host.change((state) => {
      state.acl.pop();
    });
    const poorer = inOrder(rightsIn(host)) === inOrder(asLogins(wanted));
    await host.init('--yes');
    report.control(
      `${product}: a right that somebody took away (it must be missed, and given again)`,
      !poorer && inOrder(rightsIn(host)) === inOrder(asLogins(wanted)),
    );
  } finally {
    host.close();
  }
}
