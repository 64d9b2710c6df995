/** A prompt of a running execution, as tests answer it. */
import type { Answer, TestServer } from './server.ts';
import { until } from './server-wait.ts';

/** Asks for a name and greets. */
export const nameCommand = 'printf "name? "; read -r n; echo "hi $n"';

export function sendInput(server: TestServer, id: string, body: object): Promise<Answer> {
  return server.request('POST', `/api/v1/executions/${id}/stdin`, body);
}

export async function untilPrinted(server: TestServer, id: string, part: string): Promise<void> {
  await until(`"${part}" in the output of ${id}`, async () => (await server.output(id)).includes(part));
}
