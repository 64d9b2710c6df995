// Loaded into the command line under test (node --import redirect-ports.mjs?port=N): connections to the services' fixed ports go to the
// replay server instead, so that default URLs can be tested while real services may listen on those ports. Nothing
// else changes: what the program asks for, and the Host header it sends, are its own.
import { Socket } from 'node:net';

const target = Number(new URL(import.meta.url).searchParams.get('port'));
const redirected = new Set([9100, 9101, 9102, 9180]);
const connect = Socket.prototype.connect;

Socket.prototype.connect = function (...args) {
  // node:http hands over [options, callback] as one array that node:net has normalised.
  const options = Array.isArray(args[0]) ? args[0][0] : args[0];
  if (options && redirected.has(Number(options.port))) options.port = target;
  return connect.apply(this, args);
};
