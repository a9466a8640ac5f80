/**
 * The part of the Standard Schema specification, version 1, that Intermodal uses; zod, valibot, arktype and others
 * fit it.
 *
 * @see https://standardschema.dev
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** Where each value is wrong, never the values themselves: an error message must not hold a body. */
export function describeIssues(issues: readonly SchemaIssue[]): string {
  const places = issues.map((issue) => {
    // Not `path.map`: arktype's paths are a subclass of Array whose constructor takes no length.
    const names = Array.from(issue.path ?? [], (part) =>
      String(typeof part === 'object' ? part.key : part),
    );
    const path = names.join('.');
    return path === '' ? 'the body itself' : `'${path}'`;
  });
  return [...new Set(places)].join(', ');
}
