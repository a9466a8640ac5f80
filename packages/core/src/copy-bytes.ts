import { markAsUntransferable } from 'node:worker_threads';

const slabBytes = 4_096;
const mostInSlab = 512;
let slab = new ArrayBuffer(0);
let used = 0;

/**
 * A copy that nobody else can change. A small one is a view of a slab that other copies share, as Node's own buffers are:
 * memory of its own costs ten times as much as the rest of the copying.
 */
export function copyBytes(source: Uint8Array): Uint8Array {
  const { byteLength } = source;
  // Not `slice`: that of a Buffer shares its memory.
  if (byteLength > mostInSlab) return new Uint8Array(source);
  if (used + byteLength > slab.byteLength) {
    slab = new ArrayBuffer(slabBytes);
    // To send one copy to another thread must not take the others away.
    markAsUntransferable(slab);
    used = 0;
  }
  const copy = new Uint8Array(slab, used, byteLength);
  copy.set(source);
  used += (byteLength + 7) & ~7; // views of wider elements start at multiples of 8
  return copy;
}
