import { version } from '@intermodal/core';

/** Version of the wire format that the cases speak about. */
export const conformanceVersion: number = version;
