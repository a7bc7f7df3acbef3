// The only file that knows every channel.
import type { ChannelKind } from '../contracts/channel.ts';
import { pushgateway } from './pushgateway/channel.ts';
import { webhook } from './webhook.ts';

export const channels = [webhook, pushgateway] as const satisfies readonly ChannelKind[];
