// `pbs[].notification_endpoints`: where messages of a PBS go. Facts: pbs-api section 8.
import * as z from 'zod';
import { secretReference } from '../../values/secret-reference.ts';
import { line, notificationName } from '../common/pbs-texts.ts';
import { comment, port, userId } from '../common/schema-texts.ts';

const common = {
  name: notificationName.describe('its name, which matchers send to; one name for all kinds'),
  enabled: z.boolean().default(true).describe('whether messages are sent to it'),
  comment: comment.optional().describe('shown on the PBS'),
};
const mail = {
  mailto: z.array(line(2, 64)).min(1).optional().describe('addresses'),
  mailto_user: z.array(userId).min(1).optional().describe('users, whose addresses the PBS knows'),
  author: z.string().min(1).optional().describe('the name of the sender'),
};
const address = (words: string) =>
  z
    .string()
    .refine(
      (text) => ['http:', 'https:'].includes(URL.parse(text)?.protocol ?? ''),
      'is no address; write https://HOST',
    )
    .describe(words);

type Recipients = Readonly<{ mailto?: unknown; mailto_user?: unknown }>;
const hasRecipient = ({ mailto, mailto_user }: Recipients): boolean =>
  mailto !== undefined || mailto_user !== undefined;
const noRecipient = { error: 'is sent to nobody; say mailto or mailto_user', path: ['mailto'] };

const sendmail = z
  .strictObject({
    kind: z.literal('sendmail').describe("the PBS's own mail system"),
    ...common,
    ...mail,
    from_address: z.string().min(1).optional().describe('the address of the sender'),
  })
  .refine(hasRecipient, noRecipient);

const smtp = z
  .strictObject({
    kind: z.literal('smtp').describe('a mail server'),
    ...common,
    ...mail,
    server: z.string().min(1).describe('its host'),
    port: port.optional().describe('its port; the usual one of the mode where it is left out'),
    mode: z.enum(['tls', 'starttls', 'insecure']).default('tls').describe('how the way to it is protected'),
    username: z.string().min(1).optional().describe('the login there'),
    password: secretReference.optional().describe('the password of that login; no PBS gives it back'),
    from_address: z.string().min(1).describe('the address of the sender'),
  })
  .refine(hasRecipient, noRecipient);

const gotify = z.strictObject({
  kind: z.literal('gotify').describe('a Gotify server'),
  ...common,
  server: address('its address'),
  token: secretReference.optional().describe('what it is spoken to with; needed to make it, never given back'),
});

const webhook = z.strictObject({
  kind: z.literal('webhook').describe('an HTTP request'),
  ...common,
  url: z.string().min(1).describe('where it goes; may hold a template such as {{ secrets.NAME }}'),
  method: z.enum(['post', 'put', 'get']).default('post').describe('how'),
  headers: z
    .record(z.string().regex(/^[^\s,="]+$/, 'is no name of a header'), z.string())
    .optional()
    .describe('headers, by name; values may hold templates'),
  body: z.string().min(1).optional().describe('the body; it may hold templates'),
  secrets: z
    .record(z.string().regex(/^[A-Za-z0-9_-]+$/, 'has letters, digits, `_` and `-`'), secretReference)
    .optional()
    .describe('secrets for its templates, by name; no PBS gives them back. Left out: those there are stay'),
});

const endpoint = z.discriminatedUnion('kind', [sendmail, smtp, gotify, webhook]);
export const endpoints = z.array(endpoint).describe('where messages go, beside the endpoints that are there already');
export type EndpointEntry = z.infer<typeof endpoint>;
export type WebhookEntry = z.infer<typeof webhook>;
