// The only list of commands. Each is loaded when it is asked for, so that a short command starts fast.
import type { Answers } from './answers.ts';
import type { Command } from './command.ts';

/** A command prints what answers.ts has under its name. */
type Named<Name extends keyof Answers> = Readonly<Pick<Command, 'says' | 'arguments' | 'options'>> &
  Readonly<{ name: Name; load(): Promise<Command<Answers[Name]>> }>;
type Listed = { [Name in keyof Answers]: Named<Name> }[keyof Answers];

const estate = [
  { flags: '--pve <url>', says: 'a PVE server the estate does not name, for a file that holds only storages' },
  { flags: '--pve-token <ref>', says: 'its token: USER@REALM!NAME=file:PATH, or =env:NAME' },
  { flags: '--pve-fingerprint <sha256>', says: 'its certificate' },
] as const;
const consent = [
  { flags: '--yes', says: 'agree to the plan; needed where nobody can be asked' },
  { flags: '--confirm <name...>', says: 'agree to what destroys this one object' },
] as const;

export const commands: readonly Listed[] = [
  {
    name: 'validate',
    says: 'check the estate, its servers and its storages, from here and from each node',
    options: [
      { flags: '--offline', says: 'the file alone: nothing is contacted' },
      { flags: '--verbose', says: 'say every check, with what was seen' },
      { flags: '--scan', says: "have PVE try storages not created yet; their secret ends in the node's access log" },
      ...estate,
    ],
    load: async () => (await import('./validate.ts')).validate,
  },
  {
    name: 'trust',
    says: 'show the certificate or host key that is really shown, and pin it in the estate',
    arguments: '<server>',
    options: [
      { flags: '--dry-run', says: 'show what would be pinned and where, and stop' },
      { flags: '--yes', says: 'it was compared with what the server itself prints' },
    ],
    load: async () => (await import('./trust.ts')).trust,
  },
  {
    name: 'init',
    says: 'a first estate file; with --here also the logins that Holdfast needs on this host',
    options: [
      { flags: '--here', says: 'make least-privilege users, roles and tokens on this PVE or PBS host, shown first' },
      { flags: '--out <file>', says: 'the file to write (estate.yaml)' },
      { flags: '--secrets <folder>', says: 'where the token secrets go (/etc/holdfast)' },
      { flags: '--dry-run', says: 'show what would be done and written, and stop' },
      { flags: '--yes', says: 'agree to the commands; needed where nobody can be asked' },
    ],
    load: async () => (await import('./init.ts')).init,
  },
  {
    name: 'import',
    says: 'write an estate of what runs on the servers now',
    options: [
      { flags: '--out <file>', says: 'the file to write' },
      { flags: '--overwrite', says: 'also where there is one of that name' },
    ],
    load: async () => (await import('./import.ts')).importCommand,
  },
  {
    name: 'plan',
    says: 'show what would change, and why; writes nothing',
    options: [
      { flags: '--out <file>', says: 'write the plan to a file that `apply` takes' },
      { flags: '--detailed-exitcode', says: 'exit 2 where something would change' },
      { flags: '--prune', says: 'also remove what Holdfast made and the estate no longer declares' },
      ...estate,
    ],
    load: async () => (await import('./plan.ts')).plan,
  },
  {
    name: 'apply',
    says: 'carry a plan out',
    arguments: '[plan-file]',
    options: [
      { flags: '--dry-run', says: 'show the plan and stop' },
      { flags: '--prune', says: 'also remove what Holdfast made and the estate no longer declares' },
      { flags: '--skip-validation', says: 'do not look at certificates, logins and rights beforehand' },
      ...consent,
      ...estate,
    ],
    load: async () => (await import('./apply.ts')).apply,
  },
  {
    name: 'status',
    says: 'what the servers hold now, and what differs',
    options: estate,
    load: async () => (await import('./status.ts')).status,
  },
  {
    name: 'drift',
    says: 'what is no longer as declared, field by field',
    options: [{ flags: '--detailed-exitcode', says: 'exit 2 where something differs' }, ...estate],
    load: async () => (await import('./drift.ts')).drift,
  },
  {
    name: 'run',
    says: 'run a layer or a backup job now',
    arguments: '<job>',
    options: [
      { flags: '--now', says: 'taken, and not needed: it starts at once, whatever its schedule says' },
      { flags: '--dry-run', says: 'show the plan and stop' },
      { flags: '--yes', says: 'taken, and not needed: what a job does was agreed to by declaring it' },
      { flags: '--confirm <name...>', says: 'agree to what goes beyond that, object by object' },
    ],
    load: async () => (await import('./run.ts')).run,
  },
  {
    name: 'jobs',
    says: 'when jobs start next, how they ended last, what they wait for',
    arguments: '[job]',
    load: async () => (await import('./jobs.ts')).jobs,
  },
  {
    name: 'serve',
    says: 'start jobs when they are due, until it is told to stop',
    options: [
      { flags: '--metrics <address>', says: 'where figures may be asked for (127.0.0.1:9467); this machine only' },
      { flags: '--no-metrics', says: 'nowhere' },
    ],
    load: async () => (await import('./serve.ts')).serve,
  },
  {
    name: 'track',
    says: 'write down what changes in folders, so that copies cost what changed; `track status`, `track unit`',
    arguments: '<folders...>',
    options: [
      { flags: '--journals <folder>', says: 'where the journals lie (`changes` in the state folder)' },
      { flags: '--exclude <path...>', says: 'what is not recorded, below the folders: relative to each, or absolute' },
      { flags: '--listener <kind>', says: 'fanotify, inotify, or any (the better one that is there)' },
      { flags: '--room <mebibytes>', says: 'how much of the disk a journal may take (256)' },
      { flags: '--anew', says: 'begin new journals: their consumers look at everything once' },
    ],
    load: async () => (await import('./track.ts')).track,
  },
  {
    name: 'install-service',
    says: 'make `serve` a service of this host, fenced in as far as the estate lets it be',
    options: [
      { flags: '--dry-run', says: 'show the unit and the plan, and stop' },
      { flags: '--remove', says: 'stop the service and take its unit away' },
      { flags: '--into <folder>', says: 'only write the unit, into this folder; nothing is started' },
      ...consent,
    ],
    load: async () => (await import('./install-service.ts')).installService,
  },
  {
    name: 'runs',
    says: 'what ran, and how it ended',
    arguments: '[job]',
    options: [{ flags: '--limit <count>', says: 'how many (20)' }],
    load: async () => (await import('./runs.ts')).runs,
  },
  {
    name: 'log',
    says: 'what one run did, step by step',
    arguments: '[run]',
    load: async () => (await import('./log.ts')).log,
  },
  {
    name: 'cancel',
    says: 'stop a run; what it took is given back. Of one that has ended: what it could not lead back then',
    arguments: '<run>',
    load: async () => (await import('./cancel.ts')).cancel,
  },
  {
    name: 'points',
    says: 'restore points, with age and place, and what is missing',
    arguments: '[workload]',
    load: async () => (await import('./points.ts')).points,
  },
  {
    name: 'routes',
    says: 'the way of each byte to each copy, gaps, and when disks are full',
    arguments: '[workload]',
    options: [{ flags: '--offline', says: 'from the estate and the journal alone: no disk is looked at' }],
    load: async () => (await import('./routes.ts')).routes,
  },
  {
    name: 'metrics',
    says: 'the figures for Prometheus',
    options: [
      { flags: '--openmetrics', says: "in OpenMetrics' format" },
      { flags: '--push', says: 'send them to the Pushgateways of the estate, and read them back' },
      {
        flags: '--listen <address>',
        says: 'answer /metrics on this machine until stopped: 127.0.0.1:9467, unix:/PATH',
      },
    ],
    load: async () => (await import('./metrics.ts')).metrics,
  },
  {
    name: 'install-gate',
    says: 'make the narrow way into a machine: an account, a gate, three keys that can do no more',
    arguments: '<machine>',
    options: [
      { flags: '--here', says: 'the machine is this one; else its `key` is used, over SSH' },
      { flags: '--remove', says: 'take the gate, its keys and its account away' },
      { flags: '--dry-run', says: 'show the plan and stop' },
      ...consent,
    ],
    load: async () => (await import('./install-gate.ts')).installGate,
  },
  {
    name: 'restore',
    says: 'bring a workload back',
    arguments: '<workload>',
    options: [
      { flags: '--point <id>', says: 'this restore point, instead of the best one' },
      { flags: '--by <layer>', says: 'only points of this layer, where several have some' },
      { flags: '--lost-at <time>', says: 'the newest point from before this time (RFC 3339)' },
      {
        flags: '--to <place>',
        says: 'where to: an empty or absent folder; of a volume `live`, or VG/NAME for a new one',
      },
      { flags: '--only <path>', says: 'this file or folder alone, from the root of what was copied' },
      { flags: '--keep-old', says: 'the volume that is replaced stays, under another name' },
      { flags: '--dry-run', says: 'show the options and the plan, and stop' },
      ...consent,
    ],
    load: async () => (await import('./restore.ts')).restore,
  },
  {
    name: 'canaries',
    says: 'files that tell when somebody changes what a layer copies: plant, look at, or remove them',
    arguments: '<action> <layer>',
    options: [{ flags: '--dry-run', says: 'show the plan, and stop' }, ...consent],
    load: async () => (await import('./canaries.ts')).canaries,
  },
  {
    name: 'doctor',
    says: 'what is wrong, why, and what to do; without an estate: of the host it runs on',
    options: [
      { flags: '--root <folder>', says: 'a folder that stands in for the host' },
      { flags: '--detailed-exitcode', says: 'exit 2 where something is wrong' },
      { flags: '--tell <channel>', says: 'send what was found through this channel of the estate' },
      ...estate,
    ],
    load: async () => (await import('./doctor.ts')).doctor,
  },
  {
    name: 'lab',
    says: 'a simulated estate on this machine: three PVE hosts, two PBS, weeks of backups',
    options: [
      { flags: '--dir <folder>', says: 'where it writes its estate, secrets and request log' },
      { flags: '--small', says: 'two hosts and a PBS, with little behind them' },
    ],
    load: async () => (await import('./lab.ts')).lab,
  },
];
