// A signed webhook: the message as JSON, posted to one address. The receiver proves it with the shared secret, as Standard
// Webhooks lay down (standardwebhooks.com): `webhook-signature: v1,` and the base64 HMAC-SHA256 of `id.timestamp.body`.
import { createHmac } from 'node:crypto';
import * as z from 'zod';
import type { ChannelOf, Delivery } from '../contracts/channel.ts';
import { defineChannel } from '../contracts/channel.ts';
import { entryName } from '../contracts/layer-entry.ts';
import type { Message } from '../model/message.ts';
import { formatDuration, seconds } from '../values/duration.ts';
import { epochSeconds } from '../values/instant.ts';
import { secretReference } from '../values/secret-reference.ts';
import { causeOf, isLoopback, namesLogin, timeLimit, wordsOf } from './common/http.ts';

const schema = z.strictObject({
  name: entryName,
  kind: z.literal('webhook'),
  url: z
    .url({ protocol: /^https?$/ })
    .refine((url) => URL.parse(url)?.protocol === 'https:' || isLoopback(url), 'is not https, and not on this machine')
    .refine(
      (url) => !namesLogin(url),
      'holds a user or a password, which is not sent; the signature proves who sent it',
    )
    .describe('where messages are posted; http only to this very machine'),
  secret: secretReference.describe('the shared secret that signs each message'),
});
type WebhookEntry = z.infer<typeof schema>;

const patience = seconds(20);

const kind: ChannelOf<WebhookEntry> = {
  kind: 'webhook',
  carries: 'findings',
  schema,
  send: async (entry, message, world, signal): Promise<Delivery> => {
    const audience = URL.parse(entry.url)?.host ?? entry.url;
    const secret = await world.secret(entry.secret, audience);
    const body = JSON.stringify(message);
    const timestamp = String(epochSeconds(world.clock.now()));
    const headers = {
      'content-type': 'application/json',
      'webhook-id': message.id,
      'webhook-timestamp': timestamp,
      'webhook-signature': `v1,${signatureOf(secret.revealTo(audience), message, timestamp, body)}`,
    };
    const { late, end } = timeLimit(world.clock, patience);
    try {
      // A redirect would carry the signature to somebody who was not named.
      const answer = await world.fetch(entry.url, {
        method: 'POST',
        headers,
        body,
        redirect: 'manual',
        signal: AbortSignal.any([signal, late]),
      });
      if (answer.ok) {
        // Unread, it would keep the connection, and with it this process, for as long as the receiver talks.
        await answer.body?.cancel().catch(() => {});
        return { delivered: true, says: `${answer.status} from ${audience}` };
      }
      const said = await wordsOf(answer);
      // The receiver was asked and said no: only its own trouble (5xx) and "too many" are worth another try.
      const again = answer.status >= 500 || answer.status === 429;
      return { delivered: false, again, says: `${audience} answered ${answer.status}: ${said}` };
    } catch (error) {
      signal.throwIfAborted();
      if (late.aborted)
        return {
          delivered: false,
          again: true,
          says: `${audience} gave no whole answer within ${formatDuration(patience)}`,
        };
      return { delivered: false, again: true, says: `${audience} could not be reached: ${causeOf(error)}` };
    } finally {
      end();
    }
  },
};

export const webhook = defineChannel(kind);

const signatureOf = (secret: string, message: Pick<Message, 'id'>, timestamp: string, body: string): string =>
  createHmac('sha256', secret).update(`${message.id}.${timestamp}.${body}`).digest('base64');
