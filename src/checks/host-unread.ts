// What could not be read is unknown, and unknown is never shown as fine.
import type { HostCheck } from '../contracts/check.ts';
import { type Finding, finding } from '../model/finding.ts';
import type { HostFacts, Unread } from '../model/host.ts';
import { ref } from '../values/ref.ts';
import { shown } from '../values/text.ts';

export const hostUnread: HostCheck = {
  name: 'host-unread',
  judges: 'host',
  says: 'something that doctor asks for could not be read, so a question stays open',
  judge: (facts) => {
    const sources = Map.groupBy(facts.unread, ({ source }) => source);
    return [...sources].map(([source, all]) => judgeSource(facts, source, all));
  },
};

function judgeSource(facts: HostFacts, source: string, all: readonly Unread[]): Finding {
  const open = [...new Set(all.map(({ hides }) => hides))];
  return finding({
    check: hostUnread.name,
    subject: ref('host-source', facts.node, source),
    severity: 'warning',
    says: `could not be read or understood: ${shown(source)}; not known: ${shown(open.join('; '))}`,
    evidence: all.map(({ fault, at }) => ({ says: shown(fault.says), source, at })),
    cause: [...new Set(all.map(({ fault }) => shown(fault.says)))].join('; '),
    remedy: [...new Set(all.map(({ fault }) => shown(fault.remedy)))].join('; '),
  });
}
