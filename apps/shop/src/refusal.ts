/** The command cannot be carried out as it was given; the message is one sentence for the person who gave it. */
export class Refusal extends Error {
  override get name(): string {
    return 'Refusal';
  }
}

/** What went wrong with a file, in words: Node's own message repeats the path and the system call. */
export function fileProblem(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOENT':
      return 'there is no such file or folder';
    case 'EACCES':
    case 'EPERM':
      return 'it may not be opened';
    case 'EISDIR':
      return 'it is a folder';
    case 'ENOTDIR':
    case 'EEXIST':
      return 'a part of the path is a file, not a folder';
    case 'ENOSPC':
      return 'the disk is full';
    default:
      return message;
  }
}
