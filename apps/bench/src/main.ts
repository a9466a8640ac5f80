process.stdout.write("{}\n");
