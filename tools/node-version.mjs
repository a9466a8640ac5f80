// Loaded before every command. Plain JavaScript, since an old Node cannot read the TypeScript that follows.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

// 22.18 is the first release that runs TypeScript without a flag.
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `Intermodal's workspace needs Node 22.18 or newer and found ${process.versions.node}: ` +
      'on Linux x64 it brings its own (run `npx -y pnpm@12.21.0 install`), elsewhere please install one.\n',
  );
  process.exit(1);
}
