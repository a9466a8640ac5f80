process.stdout.write('{}\n');
