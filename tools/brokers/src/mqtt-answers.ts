import { answersBytes } from './tcp-answers.ts';

// CONNECT of MQTT 3.1.1 without a login, which is answered, be it with a refusal.
const greeting = Buffer.from('100c00044d5154540402003c0000', 'hex');

/** Resolves to whether a broker of MQTT answers there. */
export function answersMqtt(url: string | undefined): Promise<boolean> {
  return answersBytes(url, greeting);
}
