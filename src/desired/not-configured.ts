// What an estate declares and this Holdfast does not yet bring about by itself. It is said in every plan: a job that nobody
// starts must not look like one that runs.
import type { Estate } from '../model/estate.ts';
import type { Note } from '../model/plan.ts';
import { ref } from '../values/ref.ts';

type Job = Readonly<{ name: string; on?: readonly string[] | undefined }>;

export function notConfigured({
  sections,
  pve,
  schedules,
}: Pick<Estate, 'sections' | 'pve' | 'schedules'>): readonly Note[] {
  const jobs = (sections['backup_jobs'] ?? []) as readonly Job[];
  return [
    ...jobs.flatMap(({ name, on }) =>
      (on ?? pve.map((server) => server.name)).map(
        (server): Note => ({
          subject: ref('backup-job', server, name),
          level: 'warning',
          says: `it is declared, and this Holdfast does not put it on PVE: nothing starts it but \`holdfast run ${name}\``,
        }),
      ),
    ),
    ...schedules.map(
      ({ job }): Note => ({
        subject: ref('schedule', job),
        level: 'warning',
        says: `it is declared, and this Holdfast has no scheduler: nothing starts it but \`holdfast run ${job}\`, from a timer of yours`,
      }),
    ),
  ];
}
