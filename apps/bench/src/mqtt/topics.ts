/** Of the channel `bench`. */
export const ordersTopic = 'bench';
/** So many messages as it is told there, for who has subscribed; it is published to when all were acked. */
export const fillTopic = 'fill';
