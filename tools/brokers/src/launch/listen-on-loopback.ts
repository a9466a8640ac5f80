import { Server, type ListenOptions } from 'node:net';

/**
 * For emulators that always listen on every interface: without passwords they belong on loopback. Holds for every
 * server that this process starts from now on.
 */
export function listenOnLoopback(): void {
  const listen: unknown = Reflect.get(Server.prototype, 'listen');
  Server.prototype.listen = function (
    this: Server,
    first: ListenOptions | number,
    ...rest: unknown[]
  ) {
    const options = typeof first === 'number' ? { port: first } : first;
    const local = { ...options, host: '127.0.0.1' };
    return Reflect.apply(listen as (...values: unknown[]) => Server, this, [local, ...rest]);
  } as typeof Server.prototype.listen;
}
