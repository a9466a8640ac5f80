import { driverVersion } from '@intermodal/core/driver';

/** Version of the wire format that the transport carries. */
export const memoryVersion: number = driverVersion;
