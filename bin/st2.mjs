#!/usr/bin/env node
// `up` is the server; every other command is the client, kept apart so that it starts fast.
await import(process.argv[2] === 'up' ? '../dist/stormtail.js' : '../dist/st2.js');
