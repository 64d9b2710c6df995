/** What it costs to look for secrets in everything that is printed: the same flood with many secrets and with the fewest. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { secretForms } from '../../src/core/model/secret-forms.ts';
import { followed, type Rate, unfollowed } from './line-rate.ts';
import { digits, type Report } from './result.ts';
import { median } from './statistics.ts';
import { startStormtail, type Target, type TargetOptions } from './target.ts';

const secretCount = 50;
const rounds = 5;
const lines = 2_000_000;
const shareMin = 0.8;

export async function redactionCost(options: TargetOptions): Promise<Report> {
  const action = writeAction(options.installation);
  const secrets = sampleSecrets();
  await using ours = await startStormtail(options);
  const measure = async (run: (target: Target, lines: number, others: object) => Promise<Rate>) => {
    await run(ours, lines / 10, { action, parameters: { secrets } });
    const few: Rate[] = [];
    const many: Rate[] = [];
    // In turns, so that what else the machine does meets both alike.
    for (let round = 0; round < rounds; round++) {
      few.push(await run(ours, lines, { action, parameters: { secrets: [] } }));
      many.push(await run(ours, lines, { action, parameters: { secrets } }));
    }
    return { few, many };
  };
  const withReader = await measure(followed);
  const alone = await measure(unfollowed);
  const row = (what: string, { few, many }: { few: readonly Rate[]; many: readonly Rate[] }) => {
    const rate = (of: readonly Rate[]) => median(of.map(({ perSecond }) => perSecond));
    const share = rate(many) / rate(few);
    return {
      what: `${what}, ${secretCount} secrets`,
      ours: `${digits(rate(many))}/s`,
      baseline: `${digits(rate(few))}/s`,
      ratio: share,
      aim: `× ≥ ${shareMin}`,
      isMet: share >= shareMin,
    };
  };
  const cpu = (of: readonly Rate[]) => median(of.map(({ cpuPerMillion }) => cpuPerMillion));
  return {
    how: `The action of "Lines per second", ${digits(lines / 1e6)} million lines, with ${secretCount} secret values (${secretForms(secrets).length} texts to look for) and, as the baseline here, with none but the token that every action gets; in turns, median of ${rounds}.`,
    rows: [
      row('lines kept and delivered to one reader', withReader),
      row('lines kept, no reader', alone),
      {
        what: 'processor time of the server per million lines, one reader',
        ours: `${digits(cpu(withReader.many))} s`,
        baseline: `${digits(cpu(withReader.few))} s`,
        ratio: cpu(withReader.few) / cpu(withReader.many),
      },
      {
        what: 'processor time of the server per million lines, no reader',
        ours: `${digits(cpu(alone.many))} s`,
        baseline: `${digits(cpu(alone.few))} s`,
        ratio: cpu(alone.few) / cpu(alone.many),
      },
    ],
  };
}

/** Passwords, keys and tokens, as people have them. */
function sampleSecrets(): string[] {
  return Array.from({ length: secretCount }, (_, at) => {
    if (at % 3 === 0) return randomBytes(16).toString('hex');
    return at % 3 === 1 ? `P@ss ${at}/w'ord"${randomBytes(2).toString('hex')}` : randomBytes(12).toString('base64');
  });
}

function writeAction(installation: string): string {
  const pack = join(installation, 'packs', 'bench');
  mkdirSync(join(pack, 'actions'), { recursive: true });
  writeFileSync(
    join(pack, 'pack.yaml'),
    'ref: bench\nname: bench\ndescription: Measured.\nversion: 1.0.0\nauthor: a\nemail: a@example.com\n',
  );
  writeFileSync(
    join(pack, 'actions', 'print.yaml'),
    'name: print\nrunner_type: local-shell-cmd\nparameters:\n  secrets: {type: array, secret: true}\n',
  );
  return 'bench.print';
}
