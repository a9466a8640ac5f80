'use strict';

/**
 * The packages that carry a Node binary state `os` and `cpu` as strings, where pnpm reads arrays:
 * without this the binaries of every platform are installed on every platform.
 */
function readPackage(manifest) {
  if (!/^node-(bin-)?(linux|win|darwin)-/.test(manifest.name)) return manifest;
  if (typeof manifest.os === 'string') manifest.os = [manifest.os];
  if (typeof manifest.cpu === 'string') manifest.cpu = [manifest.cpu];
  if (manifest.os && manifest.os[0] === 'win') manifest.os = ['win32'];
  return manifest;
}

/** The condition that points at source is for this workspace; users of the packages need not see it. */
function beforePacking(manifest) {
  for (const entry of Object.values(manifest.exports ?? {})) delete entry['intermodal:source'];
  delete manifest.intermodal;
  return manifest;
}

module.exports = { hooks: { readPackage, beforePacking } };
