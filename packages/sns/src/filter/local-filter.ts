import type { WireMessage } from '@intermodal/core/driver';
import { type TopicEntry, type TopicForm, writeTopicEntry } from '../message.ts';
import type { SnsAttributeTypes } from '../options.ts';
import { checkFilters } from './check-filters.ts';
import { matchesFilter } from './match.ts';
import type { SnsFilters } from './policy.ts';

/** What `localFilter` must know of the transport that it stands for. */
export interface LocalFilterOptions {
  /** As in `SnsTransportOptions`. */
  readonly filters: SnsFilters;
  /** As in `SnsTransportOptions`. */
  readonly attributeTypes?: SnsAttributeTypes;
  /** As in `SnsTransportOptions`. @defaultValue false */
  readonly fifo?: boolean;
}

/**
 * What SNS would deliver to each group, for `createMemoryBroker({ accepts })`: code under test is filtered as it will be
 * on SNS, by what would stand in the attributes there.
 *
 * @throws `invalid-argument` for a policy that SNS would refuse
 */
export function localFilter(
  options: LocalFilterOptions,
): (channel: string, group: string, message: WireMessage) => boolean {
  const { filters, attributeTypes: dataTypes, fifo = false } = options;
  checkFilters(filters);
  return (channel, group, message) => {
    const filter = filters[channel]?.[group];
    if (filter === undefined) return true;
    const entry = entryOf(message, {
      service: 'sns',
      groups: fifo ? 'fifo' : 'plain',
      dedupe: 'by-id',
      maxMessageBytes: Infinity,
      place: `sns topic '${channel}'`,
      dataTypes,
    });
    if (entry === undefined) return false;
    const { Message: body = '', MessageAttributes: attributes = {} } = entry;
    return matchesFilter(filter, { body, attributes });
  };
}

/** Nothing for what the transport would refuse to publish: a broker in memory has taken it already. */
function entryOf(message: WireMessage, form: TopicForm): TopicEntry | undefined {
  try {
    return writeTopicEntry(message, form).entry;
  } catch {
    return undefined;
  }
}
