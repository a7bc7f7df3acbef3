// Where things stand and where commands run: failure domains and machines.
import * as z from 'zod';
import { entryName } from '../../contracts/layer-entry.ts';
import { secretReference } from '../../values/secret-reference.ts';
import { wholeNumber } from './texts.ts';

export const place = z
  .strictObject({
    site: entryName.describe('a building, a flat, a data centre: what burns together'),
    hosts: z.array(entryName).min(1).describe('the hosts that stand there'),
  })
  .describe('a failure domain');

const hostKey = z
  .string()
  .regex(
    /^(ssh-ed25519|ecdsa-sha2-nistp(256|384|521)|ssh-rsa) [A-Za-z0-9+/]+={0,2}$/,
    'is no host key; write it as `ssh-ed25519 AAAA...`, as `holdfast trust` prints it',
  );

const gate = z
  .strictObject({
    user: z
      .string()
      .regex(/^[a-z_][a-z0-9_-]{0,30}$/, 'is no user name')
      .default('holdfast')
      .describe('the account that `install-gate` makes there'),
    observe: secretReference.describe('the private key that may look at volumes, pools and memory'),
    snap: secretReference.describe('the private key that may make, open and remove snapshots of ours'),
    copy: secretReference.describe('the private key that may read what is mounted'),
    from: z
      .array(z.string().regex(/^[0-9A-Fa-f.:/]+$/, 'is no address'))
      .min(1)
      .describe('addresses of this machine, as seen from there: the keys are of no use from elsewhere'),
    volume_groups: z
      .array(z.string().regex(/^[A-Za-z0-9_+.][A-Za-z0-9_+.-]*$/, 'is no name of a volume group'))
      .min(1)
      .default(['pve'])
      .describe('whose volumes may be snapshotted'),
  })
  .describe('the narrow way in, installed by `holdfast install-gate`; with it, `key` is only for installing it');

const rsync = z
  .strictObject({
    root: z
      .string()
      .regex(/^(\/[A-Za-z0-9@%+=:,._~-]+)+$/, 'is no absolute path of plain letters and digits')
      .describe('the folder that its rrsync serves; what layers name there lies below it'),
    read: secretReference.optional().describe('the private key whose forced command is `rrsync -ro ROOT`'),
    append: secretReference
      .optional()
      .describe('the private key whose forced command is `rrsync -wo -no-del -no-overwrite ROOT`'),
  })
  .refine(({ read, append }) => read !== undefined || append !== undefined, {
    error: 'needs `read` or `append`, or both',
  })
  .describe('the narrowest way in: a folder, and no commands; in the place of `key`');

const ssh = z
  .strictObject({
    host: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9.:_-]*$/, 'is no host name or address')
      .describe('its name or address'),
    port: wholeNumber(1, 65535).default(22).describe('where its sshd listens'),
    user: z
      .string()
      .regex(/^[a-z_][a-z0-9_.-]{0,31}\$?$/, 'is no user name')
      .default('root')
      .describe('who logs in'),
    key: secretReference
      .optional()
      .describe(
        'the private key; it goes to an agent of our own, never to a file or an argument. Beside a `gate` it is only for installing that',
      ),
    host_key: hostKey.describe('the only key that is taken for its own: `holdfast trust` pins it'),
    jump: entryName.optional().describe('a machine, reached by ssh itself, through which this one is'),
    gate: gate.optional(),
    rsync: rsync.optional(),
  })
  .refine(({ key, gate: narrow, rsync: served }) => served === undefined || (key ?? narrow) === undefined, {
    path: ['rsync'],
    message: 'stands in the place of `key` and `gate`: a machine of another name may have those',
  })
  .refine(({ key, gate: narrow, rsync: served }) => (key ?? narrow ?? served) !== undefined, {
    path: ['key'],
    message: 'is missing: the private key that logs in there',
  })
  .describe('over SSH, with strict host keys');

const pct = z
  .strictObject({
    on: entryName.describe('a name of `machines`: its PVE host'),
    guest: wholeNumber(100, 999999999).describe('the id of the container'),
  })
  .describe('in a container of Proxmox VE, through `pct exec`');

const docker = z
  .strictObject({
    on: entryName.describe('a name of `machines`: where docker runs'),
    container: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/, 'is no name of a container')
      .describe('its name or id'),
  })
  .describe('in a container of Docker, through `docker exec`');

const kubernetesName = z.string().regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, 'is no name of Kubernetes');
const kubectl = z
  .strictObject({
    cluster: entryName.describe('a name of `kubernetes`'),
    namespace: kubernetesName.describe('the namespace of the pod'),
    pod: kubernetesName.optional().describe('the name of the pod, where it keeps it: one of a StatefulSet'),
    selector: z
      .string()
      .regex(
        /^[A-Za-z0-9._/-]+=[A-Za-z0-9._-]+(,[A-Za-z0-9._/-]+=[A-Za-z0-9._-]+)*$/,
        'is no list of labels such as `app=web`',
      )
      .optional()
      .describe('labels of the pod, where its name changes: the first one that runs is taken'),
    container: kubernetesName.optional().describe('which of its containers; default: the first'),
  })
  .refine(({ pod, selector }) => (pod === undefined) !== (selector === undefined), {
    error: 'needs `pod` or `selector`, and not both',
  })
  .describe('in a pod, through `kubectl exec`');

const named = { name: entryName.describe('how layers call it') };
const isLocal = z.literal(true, { error: 'can only be true' }).describe('`true`: the machine Holdfast runs on');

const commandsIn = z
  .array(z.string().regex(/^\/[^:]*$/, 'is no absolute path of a folder'))
  .min(1)
  .describe("where its commands lie, and nowhere else; default: the system's own folders (/usr/sbin, /usr/bin, ...)");

export const machine = z
  .union([
    z.strictObject({ ...named, local: isLocal, commands_in: commandsIn.optional() }),
    z.strictObject({ ...named, ssh }),
    z.strictObject({ ...named, pct }),
    z.strictObject({ ...named, docker }),
    z.strictObject({ ...named, kubectl }),
  ])
  .describe('a machine where layers run');

export const kubernetesCluster = z
  .strictObject({
    name: entryName.describe('how layers call it'),
    machine: entryName.describe('where kubectl runs: a name of `machines`'),
    kubeconfig: z.string().startsWith('/', 'is no absolute path').optional().describe('a file on that machine'),
    context: z.string().min(1).optional().describe('which context of it; default: its current one'),
    kubectl: z
      .string()
      .startsWith('/', 'is no absolute path')
      .optional()
      .describe('the program on that machine; default: the `kubectl` of the system'),
  })
  .describe('a Kubernetes cluster whose volumes lie on Proxmox');
