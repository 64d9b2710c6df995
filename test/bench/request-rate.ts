/** Requests that wait for their result: one action on many connections at once for the rate, on one for the time it takes. */
import { nowUs, secondsSince, within } from './clock.ts';
import { HttpConnection } from './http-connection.ts';
import type { Target } from './target.ts';

export interface Wish {
  readonly action: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** Requests answered with a success per second. */
export async function requestRate(target: Target, wish: Wish, clients: number, seconds: number): Promise<number> {
  let done = 0;
  const startUs = nowUs();
  const client = async () => {
    using connection = await HttpConnection.open(target);
    while (secondsSince(startUs) < seconds) {
      await runToEnd(connection, wish);
      done += 1;
    }
  };
  await within((seconds + 30) * 1000, 'a round of requests', Promise.all(Array.from({ length: clients }, client)));
  return done / secondsSince(startUs);
}

/** Microseconds from request to result, one after another. */
export async function requestLatencies(target: Target, wish: Wish, samples: number): Promise<readonly number[]> {
  using connection = await HttpConnection.open(target);
  const taken: number[] = [];
  for (let at = 0; at < samples; at++) {
    const startUs = nowUs();
    await within(15_000, 'one request', runToEnd(connection, wish));
    taken.push(nowUs() - startUs);
  }
  return taken;
}

/** Throws where the answer is not that of a success: failing fast is not being fast. */
async function runToEnd(connection: HttpConnection, wish: Wish): Promise<void> {
  const { status, body } = await connection.request('POST', '/api/v1/executions?wait=60', JSON.stringify(wish));
  if (status !== 201 || !body.includes('"status":"succeeded"'))
    throw new Error(`${wish.action} was answered with ${status} ${body.slice(0, 600)}`);
}
