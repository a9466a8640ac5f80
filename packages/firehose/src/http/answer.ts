import type { EndpointAnswer } from '@intermodal/core/driver';

const maxErrorLength = 8_192;

/**
 * What Firehose understands: any status but 200 repeats the request, except that 413 throws it away without a backup.
 *
 * @see https://docs.aws.amazon.com/firehose/latest/dev/httpdeliveryrequestresponse.html
 */
export function answerWith(
  status: 200 | 400 | 401 | 405 | 408 | 500 | 503,
  requestId: string,
  timestamp: number,
  errorMessage?: string,
): EndpointAnswer {
  const body = JSON.stringify({
    requestId,
    timestamp: Math.trunc(timestamp),
    ...(errorMessage === undefined ? {} : { errorMessage: errorMessage.slice(0, maxErrorLength) }),
  });
  const headers = {
    'content-type': 'application/json',
    'content-length': `${Buffer.byteLength(body)}`,
  };
  return { status, headers, body };
}
