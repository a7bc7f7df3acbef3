// The whole schema: the sections of this house, and those that kinds bring. Kinds come in as an argument, so nothing here
// knows any of them.
import * as z from 'zod';
import type { ChannelKind } from '../../contracts/channel.ts';
import type { LayerKind } from '../../contracts/layer.ts';
import { entryName } from '../../contracts/layer-entry.ts';
import type { ResourceKind } from '../../contracts/resource.ts';
import type { ChannelEntry, LayerEntry } from '../../model/estate.ts';
import type { Duration } from '../../values/duration.ts';
import { secretReference } from '../../values/secret-reference.ts';
import { parseTimeSpan } from '../../values/time-span.ts';
import { pbsServer } from './pbs.ts';
import { exclusion, tier, workload } from './promises.ts';
import { pveServer } from './pve.ts';
import { scheduleEntry } from './schedules.ts';
import { kubernetesCluster, machine, place } from './surroundings.ts';
import { timeSpan, timeZone } from './texts.ts';

export type Kinds = Readonly<{
  resources: readonly Pick<ResourceKind, 'section' | 'title'>[];
  layers: readonly Pick<LayerKind, 'kind' | 'schema' | 'destinations' | 'routes'>[];
  channels: readonly Pick<ChannelKind, 'kind' | 'schema'>[];
}>;

/** What kinds of resources add there, by key. */
const sectionsAt = (at: ResourceKind['section']['at'], { resources }: Kinds): Readonly<Record<string, z.ZodType>> =>
  Object.fromEntries(
    resources
      .filter(({ section }) => section.at === at)
      .flatMap(({ title, section }) =>
        // Its own type is forgotten here: what was parsed by it goes back to that very kind.
        Object.entries(section.shape as Readonly<Record<string, z.ZodType>>).map(([key, schema]) => [
          key,
          schema.describe(schema.description ?? `one ${title} or several`).optional(),
        ]),
      ),
  );

/** Entries whose `kind` chooses the schema. The kinds' own types are forgotten here; `kind` has chosen them. */
function byKind<Entry extends ChannelEntry>(kinds: readonly Readonly<{ schema: z.ZodType }>[]): z.ZodType<Entry> {
  const [first, ...others] = kinds.map(
    ({ schema }) => schema as unknown as z.ZodObject<{ kind: z.ZodLiteral<string> }>,
  );
  return (first === undefined
    ? z.never({ error: 'is of no kind; this Holdfast knows none' })
    : z.discriminatedUnion('kind', [first, ...others])) as unknown as z.ZodType<Entry>;
}

export const estateSchema = (kinds: Kinds) =>
  z.strictObject({
    include: z.array(z.string()).optional().describe('more files of this estate, below the folder of this one'),
    estate: entryName.optional().describe('the name of the estate; state is kept by it'),
    time_zone: timeZone
      .default('UTC')
      .describe("Holdfast's own schedules are in this zone; those of servers in the server's"),
    approval_expires: timeSpan
      .prefault('1h')
      .transform((written): Duration => parseTimeSpan(written) as Duration)
      .describe('how long a plan that was looked at may still be applied'),
    places: z.array(place).default([]).describe('what stands together, and is lost together'),
    pve: z.array(pveServer).default([]).describe('Proxmox VE'),
    pbs: z
      .array(pbsServer(sectionsAt('pbs', kinds), sectionsAt('datastore', kinds)))
      .default([])
      .describe('Proxmox Backup Server'),
    machines: z.array(machine).default([]).describe('machines where layers run'),
    kubernetes: z.array(kubernetesCluster).default([]).describe('clusters whose volumes are protected'),
    tiers: z.array(tier).default([]).describe('what workloads are owed'),
    workloads: z.array(workload).default([]).describe('what must survive'),
    layers: z
      .array(byKind<LayerEntry>(kinds.layers))
      .default([])
      .describe('ways of protecting that Proxmox does not have'),
    schedules: z.array(scheduleEntry).default([]).describe('when layers run'),
    exclusions: z.array(exclusion).default([]).describe('what is left out on purpose'),
    escrow: z
      .array(secretReference)
      .optional()
      .describe('where encryption keys are kept: one that a step would take away is opened here first'),
    channels: z.array(byKind<ChannelEntry>(kinds.channels)).default([]).describe('where findings are sent'),
    ...sectionsAt('top', kinds),
  });
