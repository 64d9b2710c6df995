// `npm start`: installs and builds what changed, then runs `stormtail up` in this very process, so that signals reach
// the server directly and nothing stands between it and its terminal. Arguments are passed on: npm start -- --help
import { build, explainBuildError } from './build.mjs';
import { checkNodeVersion, installDependencies } from './install.mjs';

checkNodeVersion();
try {
  await installDependencies();
} catch (error) {
  process.stderr.write(`${error.message}\ndependencies could not be installed; nothing was started\n`);
  process.exit(1);
}
try {
  await build();
} catch (error) {
  process.stderr.write(`${await explainBuildError(error)}\nthe build failed; nothing was started\n`);
  process.exit(1);
}
process.argv = [process.argv[0], process.argv[1], 'up', ...process.argv.slice(2)];
await import('../dist/stormtail.js');
