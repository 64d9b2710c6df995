/**
 * The runner types the product has, as data: what the store registers at start, what actions are checked against and
 * what clients list. How they run is in `runners/`. Names, parameters and defaults are StackStorm's
 * (spec/executions.md §8.1, §8.4, §8.6); ids are given by the store.
 */
import type { ParameterSchema, ParameterSchemas } from './parameter-schema.ts';
import type { RunnerType } from './runner-type.ts';

export type RunnerTypeDefinition = Omit<RunnerType, 'id' | 'uid'>;

const env: ParameterSchema = {
  type: 'object',
  description: 'Environment variables to set for the process, by name; values are text.',
};

const debug: ParameterSchema = {
  type: 'boolean',
  description: 'Keep temporary files and tell the action that it is being debugged.',
  required: false,
  default: false,
};

const contentVersion: ParameterSchema = {
  type: 'string',
  description: 'Run the action as it was at this commit, tag or branch; the pack must be a git repository.',
  required: false,
};

/** Ours: StackStorm has none of these, so an action may use their names for itself (`yielding-parameters.ts`). */
const inputParameters: ParameterSchemas = {
  stdin: { type: 'string', description: 'Text that the program reads on standard input.' },
  interactive: {
    type: 'boolean',
    description: 'Keep standard input open, so that prompts can be answered while it runs.',
    default: false,
  },
  tty: {
    type: 'boolean',
    description:
      'Give the program a terminal, for one that insists on it or holds its output back otherwise; implies interactive.',
    default: false,
  },
};

const limit = (description: string): ParameterSchema => ({ type: 'integer', minimum: 0, description });

/** Ours as well. What an item leaves out is as the settings `[actionrunner] limit_*` say. */
const limits: ParameterSchema = {
  type: 'object',
  description: 'What the processes may use; 0 is no limit.',
  properties: {
    file_bytes: limit('Length of any file they write, their output included.'),
    processes: limit('Processes of their user at the same time, all actions together; root has no such limit.'),
    cpu_seconds: limit('Processor time of one process.'),
    memory_bytes: limit('Address space of one process.'),
    open_files: limit('Open files of one process.'),
  },
  additionalProperties: false,
};

/** What both local shell runners understand. */
const shellParameters: ParameterSchemas = {
  cwd: { type: 'string', description: 'Directory to run in.' },
  env,
  kwarg_op: { type: 'string', description: 'What goes before the name of a named argument.', default: '--' },
  sudo: { type: 'boolean', description: 'Run as root, through sudo.', default: false },
  sudo_password: {
    type: 'string',
    description: 'Password for sudo, where sudo asks for one.',
    secret: true,
    required: false,
    default: null,
  },
  timeout: { type: 'integer', description: 'Seconds until the action is stopped.', default: 60 },
  limits,
  ...inputParameters,
};

const localShellCommand: RunnerTypeDefinition = {
  name: 'local-shell-cmd',
  description: 'Runs a shell command on the host of the action runner.',
  enabled: true,
  runner_package: 'local_runner',
  runner_module: 'local_shell_command_runner',
  runner_parameters: { cmd: { type: 'string', description: 'The command, read by the shell.' }, ...shellParameters },
  output_schema: {},
};

const localShellScript: RunnerTypeDefinition = {
  name: 'local-shell-script',
  description: "Runs a script of the pack on the host of the action runner, with the action's parameters as arguments.",
  enabled: true,
  runner_package: 'local_runner',
  runner_module: 'local_shell_script_runner',
  runner_parameters: { debug, content_version: contentVersion, ...shellParameters },
  output_schema: {},
};

const remoteDirectory: ParameterSchema = {
  type: 'string',
  description: 'Folder on the host that the script is copied to.',
  default: '/tmp',
};

/** What both remote runners understand. */
const remoteParameters: ParameterSchemas = {
  ...shellParameters,
  cwd: { type: 'string', description: 'Directory to run in, on the host.', default: '/tmp' },
  hosts: {
    type: 'string',
    description: 'Hosts to run on, separated by commas: host, host:port, [ipv6]:port or an IPv6 address.',
    required: true,
  },
  parallel: {
    type: 'boolean',
    description: 'Kept for existing packs: hosts are always worked on in parallel.',
    default: false,
    immutable: true,
  },
  username: { type: 'string', description: 'User to log in as.', required: false },
  password: { type: 'string', description: 'Password to log in with.', secret: true, required: false },
  private_key: {
    type: 'string',
    description: 'Private key to log in with: its text, or the path of its file on the host of the action runner.',
    secret: true,
    required: false,
  },
  passphrase: { type: 'string', description: 'Passphrase of the private key.', secret: true, required: false },
  port: { type: 'integer', description: 'SSH port of the hosts that name none themselves.', required: false },
  bastion_host: {
    type: 'string',
    description: 'Host to connect through, with the same user and credentials: host or host:port.',
    required: false,
  },
};

const remoteShellCommand: RunnerTypeDefinition = {
  name: 'remote-shell-cmd',
  description: 'Runs a shell command on other hosts, over SSH.',
  enabled: true,
  runner_package: 'remote_runner',
  runner_module: 'remote_command_runner',
  runner_parameters: {
    cmd: { type: 'string', description: 'The command, read by the shell of the host.' },
    ...remoteParameters,
    dir: { ...remoteDirectory, description: 'Not used by commands.', immutable: true },
  },
  output_schema: {},
};

const remoteShellScript: RunnerTypeDefinition = {
  name: 'remote-shell-script',
  description:
    "Copies a script of the pack to other hosts and runs it there, with the action's parameters as arguments.",
  enabled: true,
  runner_package: 'remote_runner',
  runner_module: 'remote_script_runner',
  runner_parameters: { ...remoteParameters, dir: remoteDirectory },
  output_schema: {},
};

const pythonScript: RunnerTypeDefinition = {
  name: 'python-script',
  description: 'Runs a Python class of the pack, in its own process.',
  enabled: true,
  runner_package: 'python_runner',
  runner_module: 'python_runner',
  runner_parameters: {
    debug,
    content_version: contentVersion,
    env,
    timeout: { type: 'integer', description: 'Seconds until the action is stopped.', default: 600 },
    log_level: {
      type: 'string',
      description: "Least level that the action's logger writes.",
      default: 'DEBUG',
      enum: ['AUDIT', 'CRITICAL', 'ERROR', 'WARNING', 'INFO', 'DEBUG'],
    },
    limits,
    ...inputParameters,
  },
  output_key: 'result',
  output_schema: {
    type: 'object',
    properties: {
      result: {
        anyOf: ['object', 'string', 'integer', 'number', 'boolean', 'array', 'null'].map((type) => ({ type })),
      },
      stderr: { type: 'string', required: true },
      stdout: { type: 'string', required: true },
      exit_code: { type: 'integer', required: true },
    },
    additionalProperties: false,
  },
};

const noop: RunnerTypeDefinition = {
  name: 'noop',
  description: 'Does nothing and succeeds.',
  enabled: true,
  runner_package: 'noop_runner',
  runner_module: 'noop_runner',
  runner_parameters: {},
  output_schema: {},
};

const announcement: RunnerTypeDefinition = {
  name: 'announcement',
  description: "Publishes the action's parameters as an event on the stream.",
  enabled: true,
  runner_package: 'announcement_runner',
  runner_module: 'announcement_runner',
  runner_parameters: {
    experimental: {
      type: 'boolean',
      description: 'Must be true: says that the caller knows this runner may change.',
      required: true,
      default: false,
    },
    route: {
      type: 'string',
      description: 'Last part of the event name; words, with dots between them.',
      default: 'general',
      minLength: 1,
      maxLength: 255,
    },
  },
  output_schema: {},
};

export const builtinRunnerTypes: readonly RunnerTypeDefinition[] = [
  announcement,
  localShellCommand,
  localShellScript,
  noop,
  pythonScript,
  remoteShellCommand,
  remoteShellScript,
];

/**
 * Runner types that StackStorm has and this version does not run yet. Their actions are part of real packs, so reading
 * a pack says so in a warning instead of calling them unknown.
 */
export const futureRunnerTypeNames = [
  'action-chain',
  'http-request',
  'inquirer',
  'orquesta',
  'winrm-cmd',
  'winrm-ps-cmd',
  'winrm-ps-script',
] as const;

/** The canonical name: `_` may stand for `-`, and `orchestra` was the first name of `orquesta`. */
export function runnerTypeName(written: string): string {
  const name = written.replaceAll('_', '-');
  return name === 'orchestra' ? 'orquesta' : name;
}

export function findBuiltinRunnerType(written: string): RunnerTypeDefinition | undefined {
  const name = runnerTypeName(written);
  return builtinRunnerTypes.find((runner) => runner.name === name);
}
