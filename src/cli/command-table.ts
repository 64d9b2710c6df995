/**
 * Every command and flag, as data: parsing (parse.ts), `--help` and docs/reference/cli.md come from here. Names, short
 * flags and what excludes what are StackStorm's (spec/cli.md §1, §2, §4.1); rows and flags of our own are marked.
 * Long on purpose: one table.
 */
import type { ArgumentSpec, BranchSpec, CommandSpec, OptionSpec } from './command.ts';

export const programSummary = 'Command line of Stormtail, event-driven automation with live output.';

export const globalOptions: readonly OptionSpec[] = [
  { long: 'version', summary: 'print the version' },
  { long: 'url', value: { name: 'URL' }, summary: 'base URL of the services; ports 9100, 9101 and 9102 are appended' },
  { long: 'auth-url', value: { name: 'URL' }, summary: 'full URL of the auth service' },
  { long: 'api-url', value: { name: 'URL' }, summary: 'full URL of the API' },
  { long: 'stream-url', value: { name: 'URL' }, summary: 'full URL of the stream service' },
  { long: 'api-version', value: { name: 'VERSION' }, summary: 'used to build default URLs (v1)' },
  {
    long: 'cacert',
    value: { name: 'PATH' },
    summary: 'CA bundle to verify the services with; true: the system’s authorities, false: do not verify',
  },
  { long: 'basic-auth', value: { name: 'USER:PASSWORD' }, summary: 'credentials for a proxy in front of the services' },
  { long: 'config-file', value: { name: 'PATH' }, summary: 'configuration file (~/.st2/config)' },
  { long: 'print-config', summary: 'print the effective configuration and exit' },
  { long: 'skip-config', summary: 'ignore the configuration file; no automatic login' },
  { long: 'debug', summary: 'print each request as a curl line, and its answer' },
];

/** What the environment can say, for help and documentation. */
export const environmentVariables: readonly (readonly [name: string, meaning: string])[] = [
  ['ST2_BASE_URL', 'as --url (http://127.0.0.1)'],
  ['ST2_API_URL', 'as --api-url; ST2_AUTH_URL and ST2_STREAM_URL likewise'],
  ['ST2_API_VERSION', 'as --api-version'],
  ['ST2_AUTH_TOKEN', 'access token'],
  ['ST2_API_KEY', 'API key'],
  ['ST2_CACERT', 'as --cacert; without it certificates are not verified'],
  ['ST2_BASIC_AUTH', 'as --basic-auth'],
  ['ST2_CONFIG_FILE', 'as --config-file'],
  ['ST2_CLI_SKIP_CONFIG', '1: as --skip-config'],
  ['ST2_COLORIZE', 'any value: no colours'],
  ['STORMTAIL_HOME', 'where the server of this machine keeps cli.json (~/.stormtail)'],
  ['COLUMNS', 'width of tables'],
];

const form: readonly OptionSpec[] = [
  { long: 'json', short: 'j', summary: 'print JSON' },
  { long: 'yaml', short: 'y', summary: 'print YAML' },
];

const credentials: readonly OptionSpec[] = [
  { long: 'token', short: 't', value: { name: 'TOKEN' }, summary: 'access token; else ST2_AUTH_TOKEN' },
  { long: 'api-key', value: { name: 'KEY' }, summary: 'API key; else ST2_API_KEY' },
];

/** The options that a command has besides its own. */
export function sharedOptions(shared: CommandSpec['shared']): readonly OptionSpec[] {
  switch (shared) {
    case 'full':
      return [...credentials, ...form];
    case 'form':
      return form;
    case 'none':
      return [];
  }
}

const attr: OptionSpec = {
  long: 'attr',
  short: 'a',
  value: { name: 'ATTR', many: true },
  summary: 'attributes to print; all: every attribute',
};
const width: OptionSpec = {
  long: 'width',
  short: 'w',
  value: { name: 'N', many: true },
  summary: 'widths of the columns, or one for all',
};
const packFilter: OptionSpec = { long: 'pack', short: 'p', value: { name: 'PACK' }, summary: 'only of this pack' };

/** How an execution is printed. The `rivals` are argparse's groups in the original. */
const display: readonly OptionSpec[] = [
  { long: 'attr', value: { name: 'ATTR', many: true }, rivals: 'display', summary: 'attributes to print' },
  { long: 'detail', short: 'd', rivals: 'display', summary: 'print as a table of properties' },
  {
    long: 'key',
    short: 'k',
    value: { name: 'KEY' },
    rivals: 'display',
    summary: 'print only this part of the result, e.g. stdout',
  },
  { long: 'raw', summary: 'print a workflow like any other execution' },
  { long: 'show-tasks', summary: 'list the tasks of a workflow' },
  { long: 'depth', value: { name: 'N' }, summary: 'how deep to list nested workflows (-1: all)' },
  width,
  { long: 'with-schema', summary: 'suggest an output schema for the action' },
];

const starting: readonly OptionSpec[] = [
  { long: 'tail', rivals: 'display', summary: 'print the output while waiting' },
  {
    long: 'attach',
    rivals: 'display',
    isOurs: true,
    summary: 'the same, and send what is typed or piped in (see execution attach)',
  },
  { long: 'auto-dict', rivals: 'display', summary: 'x=a:1,b:2 for an array is one object' },
  { long: 'delay', value: { name: 'MS' }, rivals: 'display', summary: 'start this many milliseconds later' },
  { long: 'trace-tag', value: { name: 'TAG' }, summary: 'tag of the trace that the execution belongs to' },
  { long: 'trace-id', value: { name: 'ID' }, summary: 'existing trace that the execution belongs to' },
  { long: 'inherit-env', short: 'e', summary: 'send the current environment as the parameter env' },
  { long: 'user', short: 'u', value: { name: 'USER' }, summary: 'run as this user (administrators only)' },
];

const async: OptionSpec = { long: 'async', short: 'a', summary: 'do not wait for the end' };
const help: OptionSpec = { long: 'help', short: 'h', summary: 'after an action: its parameters' };

const actionArguments: readonly ArgumentSpec[] = [
  { name: 'ref-or-id', isOptional: true, summary: 'action: pack.name, or its id' },
  { name: 'parameters', isOptional: true, many: true, summary: 'name=value, @name=file, or words that become cmd' },
];

const ids: readonly ArgumentSpec[] = [{ name: 'id', many: true, summary: 'one or more ids' }];

export const branches: readonly BranchSpec[] = [
  { name: 'action', summary: 'What can be run.' },
  { name: 'apikey', summary: 'Keys for programs.' },
  { name: 'execution', summary: 'Runs of actions.' },
  { name: 'pack', summary: 'What actions and the rest of the content come in.' },
  { name: 'runner', summary: 'What runs actions.' },
];

export const commands: readonly CommandSpec[] = [
  {
    path: 'up',
    summary: 'Start the server: everything in one process.',
    shared: 'none',
    isOurs: true,
    load: async () => (await import('./commands/up.ts')).up,
  },
  {
    path: 'status',
    summary: 'Show what the server runs, since when, and how busy it is.',
    shared: 'full',
    isOurs: true,
    load: async () => (await import('./commands/status.ts')).status,
  },
  {
    path: 'reload',
    summary: 'Register the packs on disk, without a restart.',
    arguments: [{ name: 'pack', isOptional: true, many: true, summary: 'only these packs' }],
    options: [{ long: 'types', value: { name: 'TYPE', many: true }, summary: 'only these kinds of content' }],
    shared: 'full',
    isOurs: true,
    load: async () => (await import('./commands/pack.ts')).reload,
  },
  {
    path: 'run',
    summary: 'Run an action and wait for its result.',
    arguments: actionArguments,
    options: [help, async, ...display, ...starting],
    shared: 'full',
    ownHelp: true,
    load: async () => (await import('./commands/run.ts')).run,
  },
  {
    path: 'action list',
    summary: 'List actions.',
    options: [packFilter, attr, width],
    shared: 'full',
    load: async () => (await import('./commands/action.ts')).actionList,
  },
  {
    path: 'action get',
    summary: 'Show actions.',
    arguments: [{ name: 'ref-or-id', many: true, summary: 'one or more: pack.name, or id' }],
    options: [attr],
    shared: 'full',
    load: async () => (await import('./commands/action.ts')).actionGet,
  },
  {
    path: 'action execute',
    summary: 'Run an action without waiting for its result.',
    arguments: actionArguments,
    options: [help, ...display, ...starting],
    shared: 'full',
    ownHelp: true,
    load: async () => (await import('./commands/run.ts')).execute,
  },
  {
    path: 'execution list',
    summary: 'List executions, the newest last.',
    options: [
      { long: 'last', short: 'n', value: { name: 'N' }, summary: 'how many of the newest (50; -1: all)' },
      {
        long: 'sort',
        short: 's',
        value: { name: 'ORDER', choices: ['asc', 'ascending', 'desc', 'descending'] },
        summary: 'by start time: asc or desc',
      },
      { long: 'action', value: { name: 'REF' }, summary: 'only of this action' },
      { long: 'status', value: { name: 'STATUS' }, summary: 'only in this status' },
      { long: 'user', value: { name: 'USER' }, summary: 'only of this user' },
      { long: 'trigger_instance', value: { name: 'ID' }, summary: 'only caused by this trigger instance' },
      {
        long: 'timestamp-gt',
        short: 'tg',
        value: { name: 'TIME' },
        summary: 'only started after, e.g. 2026-01-01T12:00:00.000Z',
      },
      { long: 'timestamp-lt', short: 'tl', value: { name: 'TIME' }, summary: 'only started before' },
      { long: 'showall', short: 'l', summary: 'also executions that others started' },
      attr,
      width,
    ],
    shared: 'full',
    load: async () => (await import('./commands/execution.ts')).executionList,
  },
  {
    path: 'execution get',
    summary: 'Show executions; "last" is the newest.',
    arguments: ids,
    options: [{ long: 'exclude-result', short: 'x', summary: 'do not fetch the result' }, ...display],
    shared: 'full',
    load: async () => (await import('./commands/execution.ts')).executionGet,
  },
  {
    path: 'execution cancel',
    summary: 'Cancel executions.',
    arguments: ids,
    shared: 'full',
    load: async () => (await import('./commands/execution.ts')).executionCancel,
  },
  {
    path: 'execution pause',
    summary: 'Pause workflows.',
    arguments: ids,
    options: display,
    shared: 'full',
    load: async () => (await import('./commands/execution.ts')).executionPause,
  },
  {
    path: 'execution resume',
    summary: 'Resume workflows.',
    arguments: ids,
    options: display,
    shared: 'full',
    load: async () => (await import('./commands/execution.ts')).executionResume,
  },
  {
    path: 'execution re-run',
    summary: 'Run an execution’s action again, with its parameters or others.',
    arguments: [
      { name: 'id', summary: 'execution to run again' },
      { name: 'parameters', isOptional: true, many: true, summary: 'parameters to replace' },
    ],
    options: [
      async,
      { long: 'tasks', value: { name: 'TASK', many: true }, summary: 'only these tasks of a workflow' },
      { long: 'no-reset', value: { name: 'TASK', many: true }, summary: 'of these: keep what their items did before' },
      ...display,
      ...starting,
    ],
    shared: 'full',
    load: async () => (await import('./commands/run.ts')).rerun,
  },
  {
    path: 'execution tail',
    summary: 'Print an execution’s output as it comes.',
    arguments: [{ name: 'id', isOptional: true, summary: 'execution; the newest where none is given' }],
    options: [
      {
        long: 'type',
        value: { name: 'TYPE', choices: ['stdout', 'stderr', 'output', 'all'] },
        summary: 'only this kind of output',
      },
      { long: 'include-metadata', summary: 'time and type before each piece' },
      { long: 'follow', rivals: 'follow', isOurs: true, summary: 'stay until the end (the default)' },
      { long: 'no-follow', rivals: 'follow', isOurs: true, summary: 'print what there is, and leave' },
      { long: 'since', value: { name: 'N' }, rivals: 'start', isOurs: true, summary: 'begin after record N' },
      { long: 'all', rivals: 'start', isOurs: true, summary: 'begin with the first record (the default)' },
      { long: 'tail', value: { name: 'N' }, rivals: 'start', isOurs: true, summary: 'begin with the last N lines' },
      { long: 'grep', value: { name: 'TEXT' }, isOurs: true, summary: 'only lines with this text' },
      { long: 'regex', isOurs: true, summary: 'the text of --grep is a regular expression' },
      { long: 'ignore-case', isOurs: true, summary: 'upper and lower case are the same to --grep' },
      {
        long: 'recursive',
        isOurs: true,
        summary: 'of all executions below it too, each line with the name of its task',
      },
      { long: 'no-prefix', isOurs: true, summary: 'no names of hosts and tasks before lines' },
    ],
    shared: 'full',
    load: async () => (await import('./commands/tail.ts')).tail,
  },
  {
    path: 'execution attach',
    summary: 'Print an execution’s output as it comes, and send it what is typed or piped in.',
    arguments: [{ name: 'id', isOptional: true, summary: 'execution; the newest where none is given' }],
    options: [
      {
        long: 'lines',
        summary: 'send whole lines; else, where it has a terminal, each key as it is pressed, and Ctrl-] detaches',
      },
    ],
    shared: 'full',
    isOurs: true,
    load: async () => (await import('./commands/attach.ts')).attach,
  },
  {
    path: 'runner list',
    summary: 'List runners.',
    options: [attr, width],
    shared: 'full',
    load: async () => (await import('./commands/runner.ts')).runnerList,
  },
  {
    path: 'runner get',
    summary: 'Show runners.',
    arguments: [{ name: 'name-or-id', many: true, summary: 'one or more' }],
    options: [attr],
    shared: 'full',
    load: async () => (await import('./commands/runner.ts')).runnerGet,
  },
  {
    path: 'runner enable',
    summary: 'Let a runner run actions.',
    arguments: [{ name: 'name-or-id', summary: 'runner' }],
    shared: 'full',
    load: async () => (await import('./commands/runner.ts')).runnerEnable,
  },
  {
    path: 'runner disable',
    summary: 'Keep a runner from running actions.',
    arguments: [{ name: 'name-or-id', summary: 'runner' }],
    shared: 'full',
    load: async () => (await import('./commands/runner.ts')).runnerDisable,
  },
  {
    path: 'pack list',
    summary: 'List the packs that are registered.',
    options: [attr, width],
    shared: 'full',
    load: async () => (await import('./commands/pack.ts')).packList,
  },
  {
    path: 'pack get',
    summary: 'Show packs.',
    arguments: [{ name: 'ref-or-id', many: true, summary: 'one or more' }],
    options: [attr],
    shared: 'full',
    load: async () => (await import('./commands/pack.ts')).packGet,
  },
  {
    path: 'pack register',
    summary: 'Register packs from disk; stops at the first bad file.',
    arguments: [{ name: 'pack', isOptional: true, many: true, summary: 'only these packs' }],
    options: [{ long: 'types', value: { name: 'TYPE', many: true }, summary: 'only these kinds of content' }],
    shared: 'full',
    load: async () => (await import('./commands/pack.ts')).packRegister,
  },
  {
    path: 'login',
    summary: 'Get a token and keep it for later calls.',
    arguments: [{ name: 'username', summary: 'user' }],
    options: [
      { long: 'password', short: 'p', value: { name: 'PASSWORD' }, summary: 'asked for where it is missing' },
      { long: 'ttl', short: 'l', value: { name: 'SECONDS' }, summary: 'how long the token is valid' },
      { long: 'write-password', short: 'w', summary: 'keep the password in the configuration file, readable' },
    ],
    shared: 'form',
    load: async () => (await import('./commands/login.ts')).login,
  },
  {
    path: 'whoami',
    summary: 'Show who you are to the server.',
    shared: 'form',
    load: async () => (await import('./commands/login.ts')).whoami,
  },
  {
    path: 'auth',
    summary: 'Get a token and print it.',
    arguments: [{ name: 'username', summary: 'user' }],
    options: [
      { long: 'password', short: 'p', value: { name: 'PASSWORD' }, summary: 'asked for where it is missing' },
      { long: 'ttl', short: 'l', value: { name: 'SECONDS' }, summary: 'how long the token is valid' },
      { long: 'only-token', short: 't', summary: 'print the token alone' },
    ],
    shared: 'form',
    load: async () => (await import('./commands/login.ts')).auth,
  },
  {
    path: 'apikey list',
    summary: 'List API keys.',
    options: [
      { long: 'user', short: 'u', value: { name: 'USER' }, summary: 'only of this user' },
      { long: 'detail', short: 'd', summary: 'every attribute' },
      { long: 'show-secrets', summary: 'do not mask the hashes (administrators only)' },
      attr,
      width,
    ],
    shared: 'full',
    load: async () => (await import('./commands/apikey.ts')).apikeyList,
  },
  {
    path: 'apikey get',
    summary: 'Show API keys.',
    arguments: [{ name: 'key-or-id', many: true, summary: 'one or more' }],
    options: [attr],
    shared: 'full',
    load: async () => (await import('./commands/apikey.ts')).apikeyGet,
  },
  {
    path: 'apikey create',
    summary: 'Make an API key; it is shown this once.',
    options: [
      { long: 'user', short: 'u', value: { name: 'USER' }, summary: 'for this user instead of yourself' },
      { long: 'metadata', short: 'm', value: { name: 'JSON' }, summary: 'a note to keep with it' },
      { long: 'only-key', short: 'k', summary: 'print the key alone' },
    ],
    shared: 'full',
    load: async () => (await import('./commands/apikey.ts')).apikeyCreate,
  },
  {
    path: 'apikey delete',
    summary: 'Delete an API key.',
    arguments: [{ name: 'key-or-id', summary: 'key' }],
    shared: 'full',
    load: async () => (await import('./commands/apikey.ts')).apikeyDelete,
  },
  {
    path: 'apikey enable',
    summary: 'Accept an API key again.',
    arguments: [{ name: 'key-or-id', summary: 'key' }],
    shared: 'full',
    load: async () => (await import('./commands/apikey.ts')).apikeyEnable,
  },
  {
    path: 'apikey disable',
    summary: 'Refuse an API key without deleting it.',
    arguments: [{ name: 'key-or-id', summary: 'key' }],
    shared: 'full',
    load: async () => (await import('./commands/apikey.ts')).apikeyDisable,
  },
  {
    path: 'apikey load',
    summary: 'Create or update API keys from a file that "apikey list -d --show-secrets" wrote.',
    arguments: [{ name: 'file', summary: '.json, .yaml or .yml' }],
    options: [width],
    shared: 'full',
    load: async () => (await import('./commands/apikey.ts')).apikeyLoad,
  },
];
