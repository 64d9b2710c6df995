// `npm test`: everything that counts as the test suite, stage by stage, on a fresh clone too. `--quick` leaves out the
// slow tests. Each stage is printed as it comes; the last line is `N passed, N failed`: every vitest test and every
// conformance and Python case, and one for each other stage. Exit 1 when anything failed.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, explainBuildError } from './build.mjs';
import { checkNodeVersion, installDependencies } from './install.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const isCi = process.env.CI === 'true';
const isQuick = process.argv.includes('--quick');

checkNodeVersion();
process.chdir(root);
// Tools and tests run on the Node that runs this, whichever Node stands first in PATH.
const env = {
  ...process.env,
  PATH: [join(root, 'node_modules/.bin'), dirname(process.execPath), process.env.PATH].join(delimiter),
  // Colours are for terminals; a log is read as text.
  ...(process.stdout.isTTY ? {} : { NO_COLOR: '1' }),
  ...(isQuick ? { STORMTAIL_QUICK: '1' } : {}),
};

/** Each gives how many passed and failed; a stage that throws has failed once. */
const stages = [
  ['install', asOne(() => installDependencies())],
  ['build', asOne(() => build())],
  ['tidy', command('node', ['tools/run.mjs', 'tools/tidy.ts'])],
  ['format and lint', command('biome', ['check', '--error-on-warnings', '.'])],
  ['lint with types', command('oxlint', ['--type-aware', '--deny-warnings'])],
  ['types', command('tsc', ['--noEmit'])],
  ['types of web', command('tsc', ['--noEmit', '-p', 'web'])],
  ['unit and integration tests', vitest],
  ['conformance', conformance],
  ['python tests', python],
];

let passed = 0;
let failed = 0;
/** Said again at the very end, where a long log is looked at first. */
const failures = [];
for (const [name, stage] of stages) {
  const startedAt = Date.now();
  print(`\n=== ${name}`);
  let outcome;
  try {
    outcome = await stage();
  } catch (error) {
    print(error.errors ? await explainBuildError(error) : error.message);
    outcome = { passed: 0, failed: 1 };
  }
  passed += outcome.passed;
  failed += outcome.failed;
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  if (outcome.failed > 0) failures.push(...(outcome.failures ?? [name]));
  print(`--- ${name}: ${outcome.passed} passed, ${outcome.failed} failed (${seconds} s)`);
  // Without dependencies nothing else can run.
  if (name === 'install' && outcome.failed > 0) break;
}
print('');
for (const failure of failures) print(`FAILED ${failure}`);
print(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

function asOne(work) {
  return async () => {
    await work();
    return { passed: 1, failed: 0 };
  };
}

function command(program, args) {
  return async () => ((await run(program, args)).code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 });
}

async function vitest() {
  const report = join(root, '.build', `vitest-${process.pid}.json`);
  mkdirSync(dirname(report), { recursive: true });
  try {
    const { code } = await run('vitest', [
      'run',
      '--reporter=dot',
      '--silent=passed-only',
      '--reporter=json',
      `--outputFile.json=${report}`,
    ]);
    if (!existsSync(report)) throw new Error('vitest wrote no report');
    const result = JSON.parse(readFileSync(report, 'utf8'));
    // A file that could not be loaded has failed without a failed test in it.
    const broken = result.testResults.filter(
      (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
    ).length;
    const counted = result.numFailedTests + broken;
    if (result.numPendingTests > 0) print(`${result.numPendingTests} tests skipped`);
    // Errors outside of any test end vitest with 1 although every test passed.
    return {
      passed: result.numPassedTests,
      failed: code !== 0 && counted === 0 ? 1 : counted,
      failures: result.testResults.flatMap(failuresIn),
    };
  } finally {
    rmSync(report, { force: true });
  }
}

function failuresIn({ name, status, assertionResults }) {
  const tests = assertionResults.filter((test) => test.status === 'failed').map((test) => test.fullName);
  const file = relative(root, name);
  return status === 'failed' && tests.length === 0 ? [file] : tests.map((test) => `${file}: ${test}`);
}

async function conformance() {
  const { output } = await run('node', ['tools/run.mjs', 'test/conformance/main.ts']);
  const last = [...output.matchAll(/^(\d+) passed, (\d+) failed$/gm)].at(-1);
  if (!last) throw new Error('the conformance runner printed no count');
  return { passed: Number(last[1]), failed: Number(last[2]) };
}

async function python() {
  if (!hasPythonTests(join(root, 'python'))) return { passed: 0, failed: 0 };
  const { code, output } = await run('python3', ['-B', '-m', 'unittest', 'discover', '-s', 'python', '-t', 'python']);
  if (code === undefined) {
    print(`python3 could not be started: ${isCi ? 'it has to be here' : 'its tests are left out'}`);
    return { passed: 0, failed: isCi ? 1 : 0 };
  }
  const total = Number(/^Ran (\d+) tests?/m.exec(output)?.[1] ?? 0);
  const problems = [...output.matchAll(/(?:failures|errors)=(\d+)/g)].reduce((sum, match) => sum + Number(match[1]), 0);
  const skipped = Number(/skipped=(\d+)/.exec(output)?.[1] ?? 0);
  const bad = code === 0 ? 0 : Math.max(1, problems);
  return { passed: Math.max(0, total - bad - skipped), failed: bad };
}

function hasPythonTests(folder) {
  if (!existsSync(folder)) return false;
  return readdirSync(folder, { recursive: true }).some((name) => /(?:^|[/\\])test[^/\\]*\.py$/.test(String(name)));
}

/** Shows the output as it comes and gives it back; `code` is undefined where the program could not be started. */
function run(program, args) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const [stream, target] of [
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text;
        target.write(text);
      });
    }
    child.on('error', (error) => {
      print(error.message);
      resolve({ code: undefined, output });
    });
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

function print(line) {
  process.stdout.write(`${line}\n`);
}
