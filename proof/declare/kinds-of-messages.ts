// Where a PBS sends its messages and figures.
import type { Held, Kind } from './kind.ts';
import { by, heldBy, listed, section } from './on-pbs.ts';
import type { World } from './world.ts';

export function messages(world: World): readonly Kind[] {
  const at = (id: string) => heldBy(section(({ notifications }) => notifications, id));
  const endpoints = listed(world, 'notification_endpoints');
  const secret = '{ file: LAB/sync.token }';
  const endpoint = (name: string, entry: string, more: string, option: string, holds: Held): Kind => ({
    ...{ what: `${name} endpoint`, row: '1.6', text: endpoints, held: at(`proof-${name}`) },
    created: {
      entry: `kind: ${name}, name: proof-${name}, ${entry}, comment: one`,
      holds: { ...holds, comment: 'one' },
    },
    otherwise: {
      same: by('notifications', `proof-${name}`, { disable: false }),
      other: by('notifications', `proof-${name}`, { disable: true }),
    },
    changed: {
      entry: `kind: ${name}, name: proof-${name}, ${entry}, enabled: false${more}`,
      holds: { disable: true, comment: undefined },
    },
    unset: {
      entry: `kind: ${name}, name: proof-${name}, ${entry}`,
      holds: { disable: undefined, [option]: holds[option] },
    },
  });
  const metrics = (name: string, entry: string, more: string, option: string): Kind => ({
    ...{ what: `${name} metric server`, row: '1.6', text: listed(world, 'metrics_servers') },
    held: heldBy(section(({ metricServers }) => metricServers, `proof-${name}`)),
    created: {
      entry: `kind: influxdb-${name}, name: proof-${name}, ${entry}, comment: one`,
      holds: { comment: 'one' },
    },
    otherwise: {
      same: by('metrics', `proof-${name}`, { enable: true }),
      other: by('metrics', `proof-${name}`, { enable: false }),
    },
    changed: {
      entry: `kind: influxdb-${name}, name: proof-${name}, ${entry}, ${more}`,
      holds: { [option]: 9000, comment: undefined },
    },
    unset: {
      entry: `kind: influxdb-${name}, name: proof-${name}, ${entry}`,
      holds: { [option]: option === 'mtu' ? 1500 : 25_000_000 },
    },
  });
  return [
    endpoint('sendmail', 'mailto: [b@lab.example, a@lab.example]', ', author: PBS', 'author', { author: undefined }),
    endpoint(
      'smtp',
      `server: mail.lab.example, from_address: pbs@lab.example, mailto: [a@lab.example], password: ${secret}, username: pbs`,
      ', port: 2525',
      'port',
      { port: undefined, server: 'mail.lab.example' },
    ),
    endpoint('gotify', `server: "https://gotify.lab.example", token: ${secret}`, '', 'server', {
      server: 'https://gotify.lab.example',
    }),
    endpoint(
      'webhook',
      `url: "https://chat.lab.example/hook", secrets: { key: ${secret} }`,
      ', method: put',
      'method',
      { method: 'post' },
    ),
    {
      ...{
        what: 'notification matcher',
        row: '1.6',
        text: listed(
          world,
          'notification_matchers',
          'notification_endpoints: [{ kind: sendmail, name: proof-mail, mailto: [a@lab.example] }]\n',
        ),
      },
      held: at('proof-matcher'),
      created: {
        entry:
          'name: proof-matcher, targets: [proof-mail], match_severity: ["warning,error"], match_field: ["exact:type=prune,gc"]',
        holds: { target: ['proof-mail'] },
      },
      otherwise: {
        same: by('notifications', 'proof-matcher', { mode: 'all', 'match-severity': ['error,warning'] }),
        other: by('notifications', 'proof-matcher', { mode: 'any' }),
      },
      changed: {
        entry: 'name: proof-matcher, targets: [proof-mail], mode: any, invert: true',
        holds: { mode: 'any', 'invert-match': true, 'match-severity': undefined },
      },
      unset: { entry: 'name: proof-matcher, targets: [proof-mail]', holds: { 'match-field': undefined } },
    },
    metrics('http', `url: "http://metrics.lab.example:8086", token: ${secret}`, 'max_body_size: 9000', 'max-body-size'),
    metrics('udp', 'host: "metrics.lab.example:8089"', 'mtu: 9000', 'mtu'),
  ];
}
