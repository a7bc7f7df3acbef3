// A server of the estate could not be asked, so that nobody knows whether it is as declared. Silence would read as "fine".
import type { PlanCheck } from '../contracts/check.ts';
import { finding } from '../model/finding.ts';
import { ref } from '../values/ref.ts';
import { count } from '../values/text.ts';

export const serverUnread: PlanCheck = {
  name: 'server-unread',
  judges: 'plan',
  says: 'a server of the estate could not be asked',
  judge: ({ refusals, madeAt }) =>
    [...Map.groupBy(refusals, ({ unread }) => unread)].flatMap(([server, unread]) => {
      const [first] = unread;
      if (server === undefined || first === undefined) return [];
      const subjects = [...new Set(unread.map(({ subject }) => subject))];
      return finding({
        check: 'server-unread',
        subject: ref('server', server),
        severity: 'critical',
        says: `${server} could not be asked: nobody knows whether ${count(subjects.length, 'declared thing')} there ${subjects.length === 1 ? 'is' : 'are'} in order (${subjects.join(', ')})`,
        evidence: unread
          .filter(({ says }, index) => unread.findIndex((one) => one.says === says) === index)
          .map(({ code, says }) => ({
            says: `${code}: ${says}`,
            source: `this machine, asking ${server}`,
            at: madeAt,
          })),
        cause: 'see the fault: the server, the way to it, its certificate, or what our identity may read there',
        remedy: first.remedy,
      });
    }),
};
