/** Where SNS, SQS and S3 are, and who signs. */
export interface Connection {
  readonly region: string;
  readonly endpoint?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** Of `sns://key:secret@127.0.0.1:5000`, or `sns:?region=eu-west-1`: the bucket is there too. */
export function connectionOf(text: string): Connection {
  const url = new URL(text);
  const region = url.searchParams.get('region') ?? process.env['AWS_REGION'] ?? 'us-east-1';
  if (url.host === '') return { region };
  return {
    region,
    endpoint: `http://${url.host}`,
    credentials: { accessKeyId: url.username, secretAccessKey: url.password },
  };
}
