/** What a canned SNS answers to one call of the Query protocol. */
export interface QueryAnswer {
  readonly operation: string;
  /** Of a batch; 1 where the call is none. */
  readonly entries: number;
  readonly xml: string;
}

/** Reads no more of the call than it must, so that a benchmark measures the client. */
export function answerQuery(form: string, messageId: () => string): QueryAnswer {
  const operation = /(?:^|&)Action=([A-Za-z]+)/.exec(form)?.[1] ?? '';
  if (operation !== 'PublishBatch')
    return { operation, entries: 1, xml: xml(operation, messageId) };
  const ids = [...form.matchAll(/\.Id=([^&]*)/g)].map(([, id]) => id);
  const successful = ids.map(
    (id) => `<member><Id>${id}</Id><MessageId>${messageId()}</MessageId></member>`,
  );
  const result = `<Successful>${successful.join('')}</Successful><Failed/>`;
  return { operation, entries: ids.length, xml: wrapped(operation, result) };
}

function xml(operation: string, messageId: () => string): string {
  switch (operation) {
    case 'Publish':
      return wrapped(operation, `<MessageId>${messageId()}</MessageId>`);
    case 'GetCallerIdentity':
      return wrapped(operation, '<Account>000000000000</Account>');
    case 'GetTopicAttributes':
      return wrapped(operation, '<Attributes></Attributes>');
    default:
      return wrapped(operation, '');
  }
}

function wrapped(operation: string, result: string): string {
  const metadata =
    '<ResponseMetadata><RequestId>00000000-0000-4000-8000-000000000000</RequestId></ResponseMetadata>';
  return `<${operation}Response xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><${operation}Result>${result}</${operation}Result>${metadata}</${operation}Response>`;
}
