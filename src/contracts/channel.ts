// A way to tell somebody: one file each. Retrying, journalling of the delivery and the finding about a silent channel are
// not the channel's business. One carries findings to people, or figures to where they are kept.
import type { ZodType } from 'zod';
import type { ChannelEntry } from '../model/estate.ts';
import type { Message } from '../model/message.ts';
import type { PushGroup } from '../model/metric.ts';
import type { Clock } from '../values/instant.ts';
import type { Secret } from '../values/secret.ts';
import type { SecretReference } from '../values/secret-reference.ts';

export type ChannelWorld = Readonly<{
  clock: Clock;
  fetch: typeof fetch;
  /** the secret, bound to the host it will be sent to */
  secret(reference: SecretReference, audience: string): Promise<Secret>;
}>;

export type Delivery = Readonly<{ delivered: true; says: string } | { delivered: false; says: string; again: boolean }>;

export type ChannelOf<Entry extends ChannelEntry> = Readonly<{
  kind: string;
  carries: 'findings';
  schema: ZodType<Entry>;
  send(entry: Entry, message: Message, world: ChannelWorld, signal: AbortSignal): Promise<Delivery>;
}>;

export type MetricsChannelOf<Entry extends ChannelEntry> = Readonly<{
  kind: string;
  carries: 'metrics';
  schema: ZodType<Entry>;
  /** delivered: the other side was asked afterwards, and has every figure as it was sent */
  push(entry: Entry, groups: readonly PushGroup[], world: ChannelWorld, signal: AbortSignal): Promise<Delivery>;
}>;

export type FindingsChannel = ChannelOf<ChannelEntry>;
export type MetricsChannel = MetricsChannelOf<ChannelEntry>;
export type ChannelKind = FindingsChannel | MetricsChannel;

// The two places where a channel's own type is forgotten: the entry's `kind` has chosen this channel.
export const defineChannel = <Entry extends ChannelEntry>(channel: ChannelOf<Entry>): FindingsChannel =>
  channel as unknown as FindingsChannel;
export const defineMetricsChannel = <Entry extends ChannelEntry>(channel: MetricsChannelOf<Entry>): MetricsChannel =>
  channel as unknown as MetricsChannel;
