// A way to tell somebody: one file each. Retrying, journalling of the delivery and the finding about a silent channel are
// not the channel's business.
import type { ZodType } from 'zod';
import type { ChannelEntry } from '../model/estate.ts';
import type { Message } from '../model/message.ts';
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
  schema: ZodType<Entry>;
  send(entry: Entry, message: Message, world: ChannelWorld, signal: AbortSignal): Promise<Delivery>;
}>;
export type ChannelKind = ChannelOf<ChannelEntry>;

export function defineChannel<Entry extends ChannelEntry>(channel: ChannelOf<Entry>): ChannelKind {
  // The one place where a channel's own type is forgotten: the entry's `kind` has chosen this channel.
  return channel as unknown as ChannelKind;
}
