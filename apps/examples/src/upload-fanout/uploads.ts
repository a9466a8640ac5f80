import { channel } from '@intermodal/core';
import { bodyFilter, s3Events, type SnsFilters } from '@intermodal/sns';

/** What S3 tells of the bucket, to everyone who wants to know. */
export const uploads = channel('uploads', { codec: s3Events });

export const groups = ['thumbnails', 'search', 'audit'] as const;

export type Group = (typeof groups)[number];

/** Thumbnails are of pictures, and of those that are there. */
export const filters: SnsFilters = {
  uploads: {
    thumbnails: bodyFilter({
      Records: {
        eventName: [{ prefix: 'ObjectCreated:' }],
        s3: { object: { key: [{ suffix: '.jpg' }] } },
      },
    }),
  },
};
