import { IntermodalError } from '@intermodal/core/driver';

export function invalid(text: string): IntermodalError {
  return new IntermodalError('invalid-argument', `sns: ${text}`, { transport: 'sns' });
}
