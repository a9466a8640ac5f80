/** The certificate of the emulator is its own, and nothing but loopback is reached from here. */
export function trustEveryCertificate(): void {
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
}
