/** The command cannot be carried out as it was given; the message is one sentence for the person who gave it. */
export class Refusal extends Error {
  override get name(): string {
    return 'Refusal';
  }
}

const fileProblems: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'it may not be opened',
  EPERM: 'it may not be opened',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EEXIST: 'a part of the path is a file, not a folder',
  ENOSPC: 'the disk is full',
};

/** What went wrong with a file, in words: Node's own message repeats the path and the system call. */
export function fileProblem(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return fileProblems[code] ?? message;
}
