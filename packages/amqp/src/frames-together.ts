import { Duplex } from 'node:stream';
import { writeTogether } from '@intermodal/core/driver';
import type { ChannelModel } from 'amqplib';

/**
 * Has the frames of one turn written as one: amqplib takes a system call for each. Its socket is private, so a version that
 * keeps it elsewhere is left as it is; a test says so.
 */
export function writeFramesTogether({ connection }: ChannelModel): boolean {
  const { stream } = connection as { readonly stream?: unknown };
  if (!(stream instanceof Duplex)) return false;
  writeTogether(stream);
  return true;
}
