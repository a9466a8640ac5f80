/** Version of the wire format that this package writes. */
export const version = 1;
