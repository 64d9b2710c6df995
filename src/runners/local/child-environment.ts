/**
 * What a child process inherits: the few variables of the server's environment that describe the machine and the user,
 * and none that describe the server (design: a child gets the environment it should have and nothing of the server's).
 */
const inherited = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'LANG',
  'LANGUAGE',
  'TZ',
  'TMPDIR',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'REQUESTS_CA_BUNDLE',
  'CURL_CA_BUNDLE',
] as const;

type Variables = Readonly<Record<string, string | undefined>>;

/** Reading all of `process.env` asks the system for each variable: 0.1 ms per execution. The server's does not change. */
const inheritedFrom = new WeakMap<Variables, Readonly<Record<string, string>>>();

/** Later ones win: inherited, then the `env` parameter, then `ST2_ACTION_*`. Values of `env` are made text. */
export function childEnvironment(
  server: Variables,
  parameter: unknown,
  actionVariables: Readonly<Record<string, string>>,
): Record<string, string> {
  let passedOn = inheritedFrom.get(server);
  if (!passedOn) {
    passedOn = passedOnBy(server);
    inheritedFrom.set(server, passedOn);
  }
  // Without a prototype: a variable may be called __proto__.
  const environment: Record<string, string> = Object.assign(Object.create(null), passedOn);
  return Object.assign(environment, givenVariables(parameter), actionVariables);
}

/** The `env` parameter, its values made text; null is none. */
export function givenVariables(parameter: unknown): Record<string, string> {
  // Without a prototype: a variable may be called __proto__.
  const variables: Record<string, string> = Object.create(null);
  if (typeof parameter !== 'object' || parameter === null) return variables;
  for (const [name, value] of Object.entries(parameter)) {
    if (value === null || value === undefined) continue;
    variables[name] = typeof value === 'string' ? value : JSON.stringify(value);
  }
  return variables;
}

function passedOnBy(server: Variables): Readonly<Record<string, string>> {
  const environment: Record<string, string> = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' };
  for (const [name, value] of Object.entries(server)) {
    if (value !== undefined && ((inherited as readonly string[]).includes(name) || name.startsWith('LC_')))
      environment[name] = value;
  }
  return environment;
}
