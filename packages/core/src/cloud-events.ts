import type { CloudEventsOptions } from './channel.ts';
import type { WireMessage } from './driver.ts';

export function toCloudEvent(
  message: WireMessage,
  _options: CloudEventsOptions,
  _prefix: string,
): WireMessage {
  return message;
}

export function fromCloudEvent(message: WireMessage, _prefix: string): WireMessage {
  return message;
}
