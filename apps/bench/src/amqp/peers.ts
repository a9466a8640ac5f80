import { peersOf } from '../peers.ts';

export const { prepare: preparePeers, load: peer } = peersOf('amqp');
