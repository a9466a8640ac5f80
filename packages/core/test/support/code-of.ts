import { IntermodalError } from '../../src/error.ts';

/** The code of what `run` throws, `none` where it returns; anything that is not ours is told apart. */
export function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return IntermodalError.is(error) ? error.code : `not ours: ${String(error)}`;
  }
  return 'none';
}
