import { type Channel, channel } from '@intermodal/core';

export interface VideoJob {
  readonly title: string;
  /** How long encoding takes. */
  readonly seconds: number;
}

/** Each message is a video to encode; its id is the id of the video. */
export const videoJobs: Channel<VideoJob> = channel<VideoJob>('video-jobs');

/** The workers, as a group: each job goes to one of them. */
export const group = 'encoders';
