// A Pushgateway: where Prometheus finds figures of jobs that are not there when it looks. Each job's group is replaced whole
// (PUT: a POST would leave figures there that nobody sends any more), then asked for and compared: a gateway has said yes to
// what it dropped. A figure that it refuses (another script pushed the same name as another type) is an error that is said.
import * as z from 'zod';
import {
  type ChannelWorld,
  type Delivery,
  defineMetricsChannel,
  type MetricsChannelOf,
} from '../../contracts/channel.ts';
import { entryName } from '../../contracts/layer-entry.ts';
import type { PushGroup } from '../../model/metric.ts';
import { formatDuration, seconds } from '../../values/duration.ts';
import { secretReference } from '../../values/secret-reference.ts';
import { count } from '../../values/text.ts';
import { beginningOf, causeOf, isLoopback, namesLogin, timeLimit, wordsIn } from '../common/http.ts';
import { differenceFrom, groupsIn, pathOf } from './api.ts';

const schema = z
  .strictObject({
    name: entryName,
    kind: z.literal('pushgateway'),
    url: z
      .url({ protocol: /^https?$/ })
      .refine((url) => !namesLogin(url), 'holds a user or a password; write them under `login`')
      .describe(
        'the gateway, as `http://10.0.20.100:9091`; figures hold no secret, so http is allowed without a login',
      ),
    login: z
      .strictObject({
        username: z
          .string()
          .regex(/^[^:\r\n]+$/, 'is no user name')
          .describe('who logs in'),
        password: secretReference.describe('the password'),
      })
      .optional()
      .describe('HTTP basic authentication; over https, or to this very machine'),
  })
  .refine(({ url, login }) => login === undefined || URL.parse(url)?.protocol === 'https:' || isLoopback(url), {
    path: ['url'],
    message: 'is not https, and not on this machine: the password would go over the net for all to read',
  });
type PushgatewayEntry = z.infer<typeof schema>;

const patience = seconds(10);
/** What others pushed there is in the same answer as what we did. */
const largestAnswer = 64 * 1024 * 1024;

type Asked = Readonly<{ ok: boolean; status: number; text: string }> | Readonly<{ silent: string }>;
type Ask = (path: string, init: RequestInit) => Promise<Asked>;

const kind: MetricsChannelOf<PushgatewayEntry> = {
  kind: 'pushgateway',
  carries: 'metrics',
  schema,
  push: async (entry, groups, world, signal): Promise<Delivery> => {
    const audience = URL.parse(entry.url)?.host ?? entry.url;
    const ask = await asking(entry, audience, world, signal);
    const problems: string[] = [];
    for (const group of groups) {
      const said = await ask(pathOf(group.labels), putOf(group));
      // Nobody there: the other groups would wait as long, one after the other, for the same.
      if ('silent' in said) return { delivered: false, again: true, says: [...problems, said.silent].join('; ') };
      if (!said.ok)
        problems.push(`${audience} refused job="${group.labels.job}" with ${said.status}: ${wordsIn(said.text)}`);
    }
    if (problems.length > 0) return { delivered: false, again: true, says: problems.join('; ') };
    const problem = problemOf(await ask('/api/v1/metrics', { method: 'GET' }), audience, groups);
    return problem === undefined
      ? { delivered: true, says: `${count(groups.length, 'group')} at ${audience}, read back as sent` }
      : { delivered: false, again: true, says: problem };
  },
};

export const pushgateway = defineMetricsChannel(kind);

/** Without the type of its content a push has been taken with a yes, and dropped. */
const putOf = ({ text }: PushGroup): RequestInit => ({
  method: 'PUT',
  headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' },
  body: text,
});

async function asking(
  { url, login }: PushgatewayEntry,
  audience: string,
  { clock, fetch, secret }: ChannelWorld,
  signal: AbortSignal,
): Promise<Ask> {
  const password = login && (await secret(login.password, audience)).revealTo(audience);
  const token = login && Buffer.from(`${login.username}:${password}`).toString('base64');
  const authorization: Readonly<Record<string, string>> =
    token === undefined ? {} : { authorization: `Basic ${token}` };
  return async (path, init) => {
    const { late, end } = timeLimit(clock, patience);
    try {
      const answer = await fetch(`${url.replace(/\/+$/, '')}${path}`, {
        ...{ ...init, headers: { ...init.headers, ...authorization } },
        // A redirect would carry the login to somebody who was not named.
        ...{ redirect: 'manual', signal: AbortSignal.any([signal, late]) },
      });
      return { ok: answer.ok, status: answer.status, text: await beginningOf(answer, largestAnswer) };
    } catch (error) {
      signal.throwIfAborted();
      return {
        silent: late.aborted
          ? `${audience} gave no whole answer within ${formatDuration(patience)}`
          : `${audience} could not be reached: ${causeOf(error)}`,
      };
    } finally {
      end();
    }
  };
}

/** What keeps it from being proved that everything arrived, in words. */
function problemOf(said: Asked, audience: string, groups: readonly PushGroup[]): string | undefined {
  if ('silent' in said) return said.silent;
  if (!said.ok)
    return `${audience} said yes, and could not be asked what arrived: ${said.status}: ${wordsIn(said.text)}`;
  const found = groupsIn(said.text);
  if (found === undefined) return `${audience} said yes, and does not say in a way we know what arrived`;
  const differences = groups.flatMap((group) => differenceFrom(group, found) ?? []);
  return differences.length === 0 ? undefined : `${audience} said yes, but ${differences.join('; ')}`;
}
