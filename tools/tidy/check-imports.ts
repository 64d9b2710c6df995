/** Who imports what: folders by the table, private subfolders, owners of packages, purity, cycles between files. */
import { posix } from 'node:path';
import type { Finding } from './finding.ts';
import { developmentPackages, folderImports, packageOwners, pureFolders, webTypeImports } from './house.ts';
import type { Import, SourceText } from './source-text.ts';

export function checkImports(sources: readonly SourceText[]): Finding[] {
  const known = new Map(sources.map((source) => [source.path, source]));
  return [...sources.flatMap((source) => checkFile(source)), ...findCycles(known)];
}

function checkFile(source: SourceText): Finding[] {
  const findings: Finding[] = [];
  for (const one of source.imports) {
    const message = isRelative(one.specifier)
      ? checkFolder(source.path, resolveImport(source.path, one.specifier), one)
      : checkPackage(source.path, one);
    if (message) findings.push({ path: source.path, line: one.line, message });
  }
  return findings;
}

function checkFolder(from: string, to: string, one: Import): string | undefined {
  if (isTest(from) || /^(?:test|tools)\//.test(from)) return undefined;
  if (from.startsWith('web/')) {
    if (to.startsWith('web/')) return undefined;
    const folder = folderOf(to);
    const allowed = folder !== undefined && webTypeImports.includes(folder) && one.isType;
    return allowed ? undefined : `web may only \`import type\` from ${webTypeImports.join(', ')}, not ${to}`;
  }
  const own = folderOf(from);
  if (own === undefined) return undefined;
  const allowed = folderImports[own];
  if (!allowed) return `${own} has no row in the folder table (tools/tidy/house.ts)`;
  const target = folderOf(to);
  if (target === undefined || isTest(to)) return `${own} may not import ${to}`;
  if (target === own || allowed.includes('*')) return undefined;
  const isAllowed = allowed.some((row) => row === target || (row === 'core/*' && target.startsWith('core/')));
  if (!isAllowed) return `${own} may not import ${target} (allowed: ${allowed.join(', ') || 'nothing'})`;
  if (posix.dirname(to) !== `src/${target}`)
    return `${to} is private to ${target}: import a file directly in src/${target}`;
  return undefined;
}

function checkPackage(from: string, one: Import): string | undefined {
  const name = packageName(one.specifier);
  const place = from.replace(/^src\//, '');
  if (!from.startsWith('src/') || isTest(from)) return undefined;
  if (pureFolders.some((folder) => place.startsWith(`${folder}/`)) && name.startsWith('node:')) {
    return `${place.split('/')[0]} is pure and may not import ${name}`;
  }
  const owners = packageOwners[name];
  if (owners) {
    const isOwner = owners.some((owner) => place.startsWith(`${owner}/`));
    return isOwner ? undefined : `only ${owners.join(', ')} may import ${name}`;
  }
  if (name.startsWith('node:')) return undefined;
  if (developmentPackages.includes(name)) return `${name} is for tests and tools`;
  return `${name} has no owner in tools/tidy/house.ts`;
}

/** Imports that exist only for types are left out: they are gone at run time and cannot bite. */
function findCycles(known: ReadonlyMap<string, SourceText>): Finding[] {
  const findings: Finding[] = [];
  const done = new Set<string>();
  const visit = (path: string, above: readonly string[]): void => {
    const start = above.indexOf(path);
    if (start !== -1) {
      const cycle = [...above.slice(start), path];
      const edge = known
        .get(above.at(-1) ?? path)
        ?.imports.find(
          ({ specifier }) => isRelative(specifier) && resolveImport(above.at(-1) ?? path, specifier) === path,
        );
      findings.push({
        path: above.at(-1) ?? path,
        line: edge?.line ?? 1,
        message: `import cycle: ${cycle.join(' → ')}`,
      });
      return;
    }
    if (done.has(path)) return;
    done.add(path);
    for (const one of known.get(path)?.imports ?? []) {
      if (one.isType || !isRelative(one.specifier)) continue;
      visit(resolveImport(path, one.specifier), [...above, path]);
    }
  };
  for (const path of known.keys()) visit(path, []);
  return findings;
}

/** `src/core/model/x.ts` → `core/model`, `src/store/sql/x.ts` → `store`; undefined outside `src`. */
export function folderOf(path: string): string | undefined {
  const [root, folder, sub] = path.split('/');
  if (root !== 'src' || folder === undefined) return undefined;
  return folder === 'core' ? `core/${sub}` : folder;
}

export function isTest(path: string): boolean {
  return /\.(?:test|contract)\.tsx?$/.test(path);
}

function isRelative(specifier: string): boolean {
  return specifier.startsWith('./') || specifier.startsWith('../');
}

function resolveImport(from: string, specifier: string): string {
  return posix.join(posix.dirname(from), specifier);
}

function packageName(specifier: string): string {
  if (specifier.startsWith('node:')) return specifier.split('/')[0] ?? specifier;
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
