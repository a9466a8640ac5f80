process.stderr.write('No transport of this workspace needs a broker yet.\n');
