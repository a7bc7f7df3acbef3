// Notification endpoints of a PBS: four lists of one file, and their names are one set (facts: pbs-api section 8).
import type { Declared, ResourceOf } from '../../contracts/resource.ts';
import type { Found } from '../../model/observed.ts';
import { entriesAt } from '../../proxmox/config-entries.ts';
import { notBuiltIn, withBuiltIns } from '../common/built-in.ts';
import { defineResource } from '../common/define.ts';
import { names, notFlag, number, text } from '../common/field.ts';
import { type KindsOf, resourceOfKinds } from '../common/kinds-resource.ts';
import { removedUnbound } from '../common/removed-unbound.ts';
import { withLogin, withoutSecret } from '../common/write-only.ts';
import { type EndpointEntry, endpoints } from './pbs-notification-endpoint-schema.ts';
import { webhook } from './pbs-webhook.ts';

const listOf = (kind: string) =>
  entriesAt({
    ...{
      file: 'notifications.cfg',
      what: `${kind} endpoints`,
      folder: `config/notifications/endpoints/${kind}`,
      id: 'name',
    },
  });

const common = { enabled: notFlag('disable'), comment: text('comment') };
const mail = {
  mailto: names('mailto', 'repeated'),
  mailto_user: names('mailto-user', 'repeated'),
  author: text('author'),
  ...common,
};

const lists = { sendmail: listOf('sendmail'), smtp: listOf('smtp'), gotify: listOf('gotify') };

/** @param user the field that says whose secret it is */
const list = (kind: keyof typeof lists, user?: string) => ({
  entries: lists[kind],
  isOurs: notBuiltIn,
  adapt: (resource: ResourceOf<unknown>) =>
    removedUnbound(user === undefined ? resource : withLogin(resource, user), lists[kind]),
});

const password = { key: 'password', parameter: 'password', what: 'a mail server' } as const;

/** A mail server needs no login; one that has it is never given the password of another, nor its own password another login. */
function passwordElsewhere(declared: Declared, found: Found | undefined) {
  if (found === undefined || found.value['username'] === '' || declared.item['username'] === '') return undefined;
  return (
    withoutSecret(declared, found, { ...password, of: 'username' }) ??
    withoutSecret(declared, found, { ...password, of: 'server' })
  );
}

const kinds: KindsOf<EndpointEntry> = {
  sendmail: { ...list('sendmail'), fields: { ...mail, from_address: text('from-address') } },
  smtp: {
    ...list('smtp', 'username'),
    fields: {
      server: text('server', { undeletable: true }),
      port: number('port'),
      mode: text('mode', { undeletable: true }, 'tls'),
      username: text('username'),
      from_address: text('from-address', { undeletable: true }),
      ...mail,
    },
    more: ({ password }) => (password === undefined ? {} : { secrets: { password } }),
    refuse: passwordElsewhere,
  },
  gotify: {
    ...list('gotify', 'server'),
    fields: { server: text('server', { undeletable: true }), ...common },
    more: ({ token }) => (token === undefined ? {} : { secrets: { token } }),
    refuse: (declared, found) =>
      withoutSecret(declared, found, { key: 'token', parameter: 'token', of: 'server', what: 'a Gotify endpoint' }),
  },
  webhook,
};

const toRoot = {
  ...{ kind: 'sendmail', mailto: [], mailto_user: ['root@pam'], author: '', from_address: '', enabled: true },
  comment: "Send mails to root@pam's email address",
};

export const pbsNotificationEndpoint = defineResource(
  withBuiltIns(
    resourceOfKinds<EndpointEntry>({
      name: 'pbs-notification-endpoint',
      title: 'notification endpoint',
      path: 'pbs[].notification_endpoints[]',
      key: 'notification_endpoints',
      schema: endpoints,
      feature: 'notification-targets',
      kinds,
    }),
    { 'mail-to-root': toRoot },
    'resets it',
  ),
);
