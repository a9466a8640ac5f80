import { type Channel, type StopReport, systemClock } from '@intermodal/core';
import {
  createHttpEndpoint,
  type EndpointAnswer,
  type EndpointHead,
  type EndpointRequest,
  type HttpEndpoint,
} from '@intermodal/core/driver';
import { createKeyCheck } from './access-key.ts';
import { answerWith } from './answer.ts';
import { createHandOut, type Tally } from './hand-out.ts';
import {
  checkEndpointOptions,
  defaultMaxBodyBytes,
  type FirehoseDelivery,
  type FirehoseEndpointOptions,
} from './options.ts';
import {
  accessKeyHeader,
  Misunderstanding,
  readRequest,
  requestIdHeader,
  versionHeader,
} from './request.ts';

/** Both forms need the body as it came: mount them before any body parser. */
export interface FirehoseEndpoint extends HttpEndpoint, AsyncDisposable {
  /**
   * Takes nothing more and resolves when every handler has returned, or at the deadline: then signals abort and what is not
   * settled fails its request, which Firehose repeats. Calling it again gives the same promise.
   *
   * @defaultValue `deadlineMs` 30,000
   */
  close(options?: { readonly deadlineMs?: number }): Promise<StopReport>;
}

/**
 * What an HTTP endpoint destination of Firehose delivers to. A request is answered with success when each of its records is
 * acked; else Firehose repeats it, and those that were acked are not handed out again.
 *
 * @throws `invalid-argument`
 */
export function createFirehoseEndpoint<I, O, N extends 'none' | 'key'>(
  channel: Channel<I, O, N>,
  options: FirehoseEndpointOptions,
  handler: (delivery: FirehoseDelivery<O>) => Promise<void> | void,
): FirehoseEndpoint {
  checkEndpointOptions(options);
  const { maxRequests = 8, maxBodyBytes = defaultMaxBodyBytes, clock = systemClock } = options;
  const isRightKey = createKeyCheck(options.accessKey);
  const handOut = createHandOut(channel, options, handler);
  /** Requests that somebody waits for, and those that are worked on: these go on when their sender has gone. */
  let held = 0;
  let working = 0;
  let closing: Promise<StopReport> | undefined;

  function refuse({ method, headers }: EndpointHead): EndpointAnswer | undefined {
    const no = (status: 400 | 401 | 405 | 503, why: string): EndpointAnswer =>
      answerWith(status, headers.get(requestIdHeader) ?? '', clock.now(), why);
    if (!isRightKey(headers.get(accessKeyHeader))) return no(401, 'the access key is not right');
    if (method !== 'POST') return no(405, 'Firehose delivers by POST');
    if ((headers.get(versionHeader) ?? '1.0') !== '1.0')
      return no(400, 'this endpoint speaks version 1.0 of the protocol');
    if (closing !== undefined) return no(503, 'the endpoint is being closed');
    const isFull = held > maxRequests || working >= maxRequests;
    return isFull ? no(503, 'too many requests at once') : undefined;
  }

  function unread(status: 400 | 408 | 413, { headers }: EndpointHead): EndpointAnswer {
    const id = headers.get(requestIdHeader) ?? '';
    if (status === 408) return answerWith(408, id, clock.now(), 'the body did not come in time');
    // Firehose would throw the records away for a 413.
    const why =
      status === 413 ? `the body has more than ${maxBodyBytes} bytes` : 'the body did not come';
    return answerWith(400, id, clock.now(), why);
  }

  async function answer(asked: EndpointRequest): Promise<EndpointAnswer> {
    const id = asked.headers.get(requestIdHeader) ?? '';
    working += 1;
    try {
      const request = await readRequest(asked, maxBodyBytes);
      return verdict(request.requestId, await handOut.all(request));
    } catch (error) {
      if (error instanceof Misunderstanding) return answerWith(400, id, clock.now(), error.message);
      return answerWith(500, id, clock.now(), 'the endpoint failed');
    } finally {
      working -= 1;
    }
  }

  function verdict(id: string, { records, rejected, overCapacity, open }: Tally): EndpointAnswer {
    const failed = rejected + overCapacity + open;
    if (failed === 0) return answerWith(200, id, clock.now());
    const why = `${failed} of ${records} records are not acked: ${rejected} were rejected, for ${overCapacity} there was no room`;
    return answerWith(failed === overCapacity ? 503 : 500, id, clock.now(), why);
  }

  const endpoint = createHttpEndpoint({
    maxBodyBytes,
    bodyTimeoutMs: options.bodyTimeoutMs ?? 25_000,
    refuse,
    unread,
    answer,
    clock,
  });

  function close(closeOptions?: { readonly deadlineMs?: number }): Promise<StopReport> {
    closing ??= handOut.close(closeOptions);
    return closing;
  }

  return {
    node(request, response) {
      held += 1;
      response.once('close', () => {
        held -= 1;
      });
      endpoint.node(request, response);
    },
    async fetch(request) {
      held += 1;
      try {
        return await endpoint.fetch(request);
      } finally {
        held -= 1;
      }
    },
    close,
    async [Symbol.asyncDispose]() {
      await close();
    },
  };
}
