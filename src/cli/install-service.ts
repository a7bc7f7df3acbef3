// `install-service`: makes the daemon a service of this host: its unit is shown, with what else on the host looks like backups,
// then written and taken up on a yes. `--remove` takes it away. A plan like any other, carried out by the one engine.
import { getServers, lookup } from 'node:dns/promises';
import { join, resolve } from 'node:path';
import { Fault } from '../fault.ts';
import { layersOf } from '../layers-of-estate.ts';
import { localMachine } from '../machines/local.ts';
import type { Estate } from '../model/estate.ts';
import { makePlan, type Note, type Plan } from '../model/plan.ts';
import { carryOut } from '../pipeline.ts';
import { planAsText } from '../plan/plan-text.ts';
import { foreignBackups } from '../service/foreign.ts';
import { type ServiceNeeds, serviceNeeds } from '../service/needs.ts';
import { fileStep, systemdStep, unitText } from '../service/steps.ts';
import { estateOfUnit, serviceUnit } from '../service/unit.ts';
import { digestOfText } from '../values/canonical.ts';
import { ref } from '../values/ref.ts';
import type { InstallServiceAnswer } from './answers.ts';
import { type Command, flag, type Invocation, optionText } from './command.ts';
import { agreed } from './consent.ts';
import { estatePath, misused, type Opened, openToWrite, stateRoot } from './open.ts';
import { exitOf, telling } from './run-telling.ts';

const unitName = 'holdfast.service';
const host = 'holdfast-host';

export const installService: Command<InstallServiceAnswer> = {
  name: 'install-service',
  says: 'make `serve` a service of this host, fenced in as far as the estate lets it be',
  run: async (invocation) => {
    const opened = await openToWrite(invocation);
    const into = optionText(invocation, 'into');
    const folder = into === undefined ? '/etc/systemd/system' : resolve(invocation.surroundings.folder, into);
    if (into === undefined && invocation.surroundings.user !== 0)
      throw misused(
        'install-service',
        'only root may do that',
        'run it as root; with --into FOLDER it only writes the unit',
      );
    const file = join(folder, unitName);
    const { plan, text } = await planned(invocation, opened, file, into === undefined);
    const shown = `${text === undefined ? '' : `${file}:\n\n${text}\n`}${planAsText(plan, invocation.paint)}`;
    if (flag(invocation, 'dryRun') || plan.steps.length === 0)
      return { exit: 'fine', value: { plan, unit: text, run: undefined }, text: `${shown}Nothing was done.\n` };
    invocation.say(shown);
    const { holdfast, estate } = opened;
    const confirmed = await agreed(invocation, holdfast, plan);
    const withHost = { ...estate, machines: [...estate.machines, { name: host, local: true as const }] };
    const verdict = await carryOut(holdfast, withHost, plan, { upTo: 'changes', confirmed }, telling(invocation, plan));
    return {
      exit: exitOf(verdict),
      value: { plan, unit: text, run: verdict },
      text: `Run ${verdict.run}: ${verdict.outcome} (${verdict.summary})\n`,
    };
  },
};

type Made = Readonly<{ plan: Plan; text: string | undefined }>;

async function planned(
  invocation: Invocation,
  { holdfast, estate }: Opened,
  file: string,
  takeUp: boolean,
): Promise<Made> {
  const { surroundings, given } = invocation;
  const { files } = localMachine({ name: host, clock: surroundings.clock });
  const before = await unitText(files, file);
  refuseForeign(file, before, estatePath(invocation));
  const remove = flag(invocation, 'remove');
  const needs = serviceNeeds(estate, (layer) =>
    layersOf(estate).flatMap((one) => (one.entry.name === layer ? one.layer.destinations(one.entry) : [])),
  );
  const { addresses, notes } = await addressesOf(needs);
  const guard = given.guard === undefined ? undefined : resolve(surroundings.folder, given.guard);
  const text = remove
    ? undefined
    : serviceUnit({
        ...{
          estate: estate.name,
          estateFile: estatePath(invocation),
          state: stateRoot(invocation),
          guard,
          needs,
          addresses,
        },
        program: surroundings.program.argv,
      });
  const missing = await Promise.all(
    needs.writes.map(async (folder) =>
      (await files.info(folder).catch(() => undefined)) === undefined ? [folder] : [],
    ),
  );
  const absent = missing
    .flat()
    .map(
      (folder) =>
        `${folder} is not there, so the service may not write there: make it, then \`systemctl restart holdfast\``,
    );
  const foreign = remove ? [] : await foreignBackups(files, file);
  const warnings: Note[] = remove
    ? []
    : [
        ...[...needs.warnings, ...absent, ...notes].map(
          (says): Note => ({ subject: ref('service', unitName), level: 'warning', says }),
        ),
        ...foreign.map(
          (one): Note => ({
            ...{ subject: ref('foreign', one.file), level: 'warning' },
            says: `it looks like a backup that is not ours, and is left alone: ${one.line}`,
          }),
        ),
      ];
  const changes = before !== text;
  const steps = [
    ...(remove && takeUp && before !== undefined ? [systemdStep(host, unitName, false)] : []),
    ...(changes ? [{ ...fileStep(host, file, before, text), after: remove && takeUp ? ['systemd'] : [] }] : []),
    ...(!remove && takeUp && changes ? [systemdStep(host, unitName, true)] : []),
  ];
  return { plan: planFor(estate, holdfast.surroundings.clock.now(), steps, warnings, before, text), text };
}

const planFor = (
  estate: Estate,
  madeAt: Plan['madeAt'],
  steps: Plan['steps'],
  notes: readonly Note[],
  before: string | undefined,
  text: string | undefined,
): Plan =>
  makePlan({
    ...{ estate: estate.name, job: 'install-service', madeAt, steps, notes, refusals: [], afterFailure: 'keep' },
    ...{
      desired: digestOfText(text ?? ''),
      observed: digestOfText(before ?? ''),
      unchanged: steps.length === 0 ? 1 : 0,
    },
  });

/** A unit of that name may be somebody's own, or that of another estate of this host. */
function refuseForeign(file: string, before: string | undefined, estateFile: string): void {
  const other = before === undefined ? estateFile : estateOfUnit(before);
  if (other === estateFile) return;
  throw new Fault('service-is-anothers', {
    where: file,
    says: other === undefined ? 'it is there, and Holdfast did not write it' : `it was written for ${other}`,
    remedy:
      other === undefined
        ? 'move it away if it is not needed; it was left as it is'
        : `run \`holdfast --estate ${other} install-service --remove\` first, if that estate is to be served no more`,
    exit: 'misused',
  });
}

/** systemd takes addresses only: names are looked up now, and that is said. */
async function addressesOf({ hosts }: ServiceNeeds) {
  const looked = await Promise.all(
    hosts.map(async (name) => {
      const found = await lookup(name, { all: true }).catch(() => []);
      const addresses = found.map(({ address }) => address);
      return { addresses, says: addresses[0] === name ? undefined : aboutName(name, addresses) };
    }),
  );
  const notes = looked.flatMap(({ says }) => says ?? []);
  // Names are asked for again at night, of the servers that this host asks.
  const servers = notes.length > 0 ? getServers().map(withoutPort) : [];
  return { addresses: [...new Set([...looked.flatMap(({ addresses }) => addresses), ...servers])].sort(), notes };
}

const aboutName = (name: string, addresses: readonly string[]): string =>
  addresses.length === 0
    ? `${name} has no address now, so the service may not speak to it: run install-service again when it has`
    : `${name} is allowed as ${addresses.join(', ')}, its address of now: should that change, run install-service again`;

/** Node writes `[::1]:54` and `10.0.0.1:54` where the port is not the usual one. */
const withoutPort = (server: string): string => /^\[(.*)\]/.exec(server)?.[1] ?? server.replace(/^([\d.]+):\d+$/, '$1');
