// A Firehose that stores nothing and answers at once, or after a delay, in a process of its own:
// node canned-server.ts <delay in milliseconds>
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const delayMs = Number(process.argv[2] ?? 0);
const operations: Record<string, { requests: number; entries: number }> = {};

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    if (request.url === '/admin') {
      response.end(JSON.stringify({ backlog: 0, operations }));
      return;
    }
    const operation = String(request.headers['x-amz-target']).replace(/^.*\./, '');
    // Records are counted, not read: what is measured is the client.
    const entries = Buffer.concat(chunks).toString().split('"Data"').length - 1;
    const counted = (operations[operation] ??= { requests: 0, entries: 0 });
    counted.requests += 1;
    counted.entries += entries;
    answer(response, outputOf(operation, entries));
  });
});

function outputOf(operation: string, entries: number): string {
  switch (operation) {
    case 'PutRecord': {
      return '{"RecordId":"49578734086442259037497492980620233840400173390482112512"}';
    }
    case 'PutRecordBatch': {
      const one = '{"RecordId":"49578734086442259037497492980620233840400173390482112512"}';
      return `{"FailedPutCount":0,"RequestResponses":[${Array.from({ length: entries }, () => one).join(',')}]}`;
    }
    case 'DescribeDeliveryStream': {
      return '{"DeliveryStreamDescription":{"DeliveryStreamName":"bench","DeliveryStreamStatus":"ACTIVE","DeliveryStreamType":"DirectPut"}}';
    }
    default: {
      return '{}';
    }
  }
}

function answer(response: ServerResponse, body: string): void {
  const send = (): void => {
    const headers = {
      'content-type': 'application/x-amz-json-1.1',
      'content-length': Buffer.byteLength(body),
    };
    response.writeHead(200, headers).end(body);
  };
  if (delayMs > 0) setTimeout(send, delayMs);
  else send();
}

server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`http://127.0.0.1:${port}\n`);
});

// The end of standard input is the end of who started us.
process.stdin.resume();
process.stdin.once('end', () => process.exit(0));
