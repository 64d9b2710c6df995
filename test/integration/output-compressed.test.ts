/** Followers that ask for gzip: each gets a whole gzip body with its own sum, each line at once, from shared parts. */
import { execFile } from 'node:child_process';
import { type IncomingMessage, request } from 'node:http';
import { promisify } from 'node:util';
import { constants, createGunzip, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestServer, startServer } from '../support/server.ts';
import { until, within } from '../support/server-wait.ts';
import { runStepwise as stepwise } from '../support/stepwise.ts';

let server: TestServer;

beforeAll(async () => {
  server = await startServer({ config: '[stream]\nheartbeat = 0.3\n' });
});

afterAll(() => server[Symbol.asyncDispose]());

interface Follower {
  readonly response: IncomingMessage;
  /** What could be decompressed of what has come. */
  readonly text: string;
  /** The whole body as it was sent, once it has ended. */
  readonly ended: Promise<Buffer>;
  pause(): void;
  resume(): void;
}

function follow(path: string, headers: Record<string, string> = { 'Accept-Encoding': 'gzip' }): Promise<Follower> {
  return new Promise((resolve, reject) => {
    const sent = request(`${server.url}${path}`, {
      headers: { 'St2-Api-Key': server.apiKey, ...headers },
      agent: false,
    });
    sent.on('error', reject);
    sent.on('response', (response) => {
      const pieces: Buffer[] = [];
      let text = '';
      const gunzip = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH });
      gunzip.setEncoding('utf8').on('data', (piece) => {
        text += piece;
      });
      gunzip.on('error', () => {}); // a body that is not compressed
      response.on('data', (piece) => {
        pieces.push(piece);
        gunzip.write(piece);
      });
      const ended = new Promise<Buffer>((done) => response.on('end', () => done(Buffer.concat(pieces))));
      resolve({
        response,
        get text() {
          return text;
        },
        ended,
        pause: () => void response.pause(),
        resume: () => void response.resume(),
      });
    });
    sent.end();
  });
}

const bodyOf = async (follower: Follower) => within('the end of the stream', 20_000, follower.ended);
/** Throws where the sum or the length at the end is wrong, or the end is missing. */
const textOf = async (follower: Follower) => gunzipSync(await bodyOf(follower)).toString();
const dataOf = (frames: string) =>
  [...frames.matchAll(/^event: st2\.execution\.output__create\nid: \d+\ndata: (.*)$/gm)]
    .map(([, data]) => JSON.parse(data ?? '').data)
    .join('');

describe('one execution', () => {
  test('each line comes at once, whoever joined when; each body is whole, and the parts are the same', async () => {
    const { id, go } = await stepwise(server, 'echo one; wait_for a; echo two; wait_for b; echo three');
    const path = `/stream/v1/executions/${id}/output`;
    const early = await follow(path);
    expect(early.response.headers).toMatchObject({
      'content-encoding': 'gzip',
      'content-type': 'text/event-stream; charset=UTF-8',
      'transfer-encoding': 'chunked',
    });
    expect(early.response.headers.vary).toMatch(/Accept-Encoding/);
    await until('the first line', () => dataOf(early.text) === 'one\n');
    await until('a heartbeat', () => /\n\n\n/.test(early.text));
    const plain = await follow(path, {});
    expect(plain.response.headers['content-encoding']).toBeUndefined();
    await go('a');
    await until('the second line', () => dataOf(early.text) === 'one\ntwo\n');
    const late = await follow(path);
    const text = await follow(`/api/v1/executions/${id}/stdout`);
    expect(text.response.headers['content-encoding']).toBe('gzip');
    await until('what was printed before', () => dataOf(late.text) === 'one\ntwo\n' && text.text === 'one\ntwo\n');
    await go('b');
    for (const follower of [early, late]) {
      const frames = await textOf(follower);
      expect(dataOf(frames)).toBe('one\ntwo\nthree\n');
      expect(frames.endsWith("event: EOF\ndata: ''\n\n")).toBe(true);
    }
    expect(await textOf(text)).toBe('one\ntwo\nthree\n');
    expect(dataOf((await bodyOf(plain)).toString())).toBe('one\ntwo\nthree\n');
  });

  test('much output to twenty readers, some of which stop for a while: the same text for all, in a fraction of the bytes', async () => {
    const { id, go } = await stepwise(
      server,
      'seq 200000; wait_for a; for i in $(seq 300); do echo line $i; done; seq 300000',
    );
    const path = `/stream/v1/executions/${id}/output`;
    const followers = await Promise.all(Array.from({ length: 20 }, () => follow(path)));
    const plain = await follow(path, {});
    for (const follower of followers.slice(0, 4)) follower.pause();
    await go('a');
    await server.finished(id, 60_000);
    for (const follower of followers) follower.resume();
    const expected = await server.output(id);
    const whole = (await bodyOf(plain)).length;
    for (const follower of followers) {
      expect(dataOf(await textOf(follower)) === expected).toBe(true);
      expect((await bodyOf(follower)).length).toBeLessThan(whole / 2);
    }
  }, 60_000);
});

describe('who gets it', () => {
  test('nobody who does not ask, or refuses', async () => {
    const id = await server.run('core.local', { cmd: 'echo one' });
    await server.finished(id);
    for (const wish of ['deflate', 'br', 'identity', 'gzip;q=0', '*', 'gzip;q=0.0, br']) {
      const follower = await follow(`/api/v1/executions/${id}/stdout`, { 'Accept-Encoding': wish });
      expect(follower.response.headers['content-encoding'], wish).toBeUndefined();
      expect((await bodyOf(follower)).toString(), wish).toBe('one\n');
    }
    for (const wish of ['gzip', 'deflate, gzip;q=0.5, br', 'GZIP', 'x-gzip'])
      expect(await textOf(await follow(`/api/v1/executions/${id}/stdout`, { 'Accept-Encoding': wish })), wish).toBe(
        'one\n',
      );
    const silent = await server.run('core.local', { cmd: 'true' });
    expect(await textOf(await follow(`/api/v1/executions/${silent}/stdout`))).toBe('');
  });

  test('the general stream is sent as it is', async () => {
    const general = await follow('/stream/v1/stream');
    expect(general.response.headers['content-encoding']).toBeUndefined();
    general.response.destroy();
  });

  test('fetch undoes it, and so does curl', async (context) => {
    const id = await server.run('core.local', { cmd: 'seq 5000' });
    await server.finished(id);
    const url = `${server.url}/stream/v1/executions/${id}/output`;
    const answer = await fetch(url, { headers: { 'St2-Api-Key': server.apiKey } });
    expect(answer.headers.get('content-encoding')).toBe('gzip');
    const expected = await server.output(id);
    expect(dataOf(await answer.text())).toBe(expected);
    const curl = (...options: string[]) =>
      promisify(execFile)('curl', ['-sS', '--compressed', '-H', `St2-Api-Key: ${server.apiKey}`, ...options, url], {
        maxBuffer: 100_000_000,
      });
    const found = await curl('--version').catch(() => undefined);
    if (!found) {
      if (process.env['CI'] === 'true') throw new Error('curl is needed to check compressed streams with it');
      context.skip('there is no curl here');
    }
    expect(dataOf((await curl()).stdout)).toBe(expected);
    expect(dataOf((await curl('--http1.0')).stdout)).toBe(expected);
  });
});
