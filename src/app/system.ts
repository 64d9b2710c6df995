/**
 * Builds everything from the settings, in order, and takes it down in the reverse one. The only place that picks
 * adapters.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { hostname } from 'node:os';
import { objectIds } from '../base/object-id.ts';
import { systemClock } from '../base/clock.ts';
import { Fault, messageOf } from '../base/errors.ts';
import { Disposals } from '../base/disposal.ts';
import { createLog, type Log } from '../base/log.ts';
import { formatTimestamp } from '../base/timestamp.ts';
import { SecretBox } from '../base/secret-box.ts';
import { EventJournal } from '../api/event-journal.ts';
import { listenUrl } from '../api/listener.ts';
import { accessRoutes } from '../api/routes/access.ts';
import { contentRoutes } from '../api/routes/content.ts';
import { executionRoutes } from '../api/routes/executions.ts';
import { outputRoutes } from '../api/routes/output.ts';
import { statusRoutes } from '../api/routes/status.ts';
import { streamRoutes } from '../api/routes/streams.ts';
import { type ApiServer, createApiServer } from '../api/server.ts';
import { countedBus } from '../bus/counted-bus.ts';
import { LocalBus } from '../bus/local/local-bus.ts';
import { mapSecrets } from '../core/model/secret.ts';
import type { Context, Starter } from '../operations/context.ts';
import { ensureCliCredentials, ensureFirstUser } from '../operations/first-start.ts';
import { createMetrics } from '../operations/metrics.ts';
import { OutputHub } from '../operations/output-hub.ts';
import { registerPacks } from '../operations/register-packs.ts';
import { localRunners } from '../runners/local/local-runners.ts';
import { localProcesses } from '../runners/local/local-processes.ts';
import { ActionRunner } from '../services/action-runner.ts';
import { GarbageCollector } from '../services/garbage-collector.ts';
import type { Service } from '../services/service.ts';
import { StorageGuard } from '../services/storage-guard.ts';
import { OutputFiles } from '../store/files/output-files.ts';
import type { OutputCap } from '../store/files/kept-cap.ts';
import type { TextSeal } from '../store/files/sealed-secrets.ts';
import type { Store } from '../store/store.ts';
import { openSqliteStore } from '../store/sqlite/store.ts';
import type { ParameterSeal } from '../store/sql/execution-rows.ts';
import type { Config } from './config.ts';
import { openHome } from './home.ts';
import { punchHole } from './punch-hole.ts';
import { type InstalledFiles, version } from './installed-files.ts';
import { buildRemoteRunners } from './remote-runners.ts';
import { commitWatch, watchRoutes } from './watched.ts';

export interface System extends AsyncDisposable {
  /** Where the server answers, with the port it really got. */
  readonly url: string;
  readonly user: string;
  /** Shown once: nobody can find it again. */
  readonly password?: string;
  /** Problems of packs, as lines for people. */
  readonly packProblems: readonly string[];
  /** Ports that were asked for and are taken. */
  readonly portProblems: readonly string[];
  /** Takes no new work and waits for what runs, at most this long. */
  drain(graceMs: number): Promise<void>;
  readonly active: number;
  /** Resolves where the server cannot go on; running actions can. */
  readonly lost: Promise<Fault>;
}

export async function buildSystem(config: Config, files: InstalledFiles): Promise<System> {
  await using stack = new Disposals();
  const log = createLog({ level: config.system.debug ? 'debug' : config.log.level });
  const home = stack.use(openHome(config.home));
  const box = new SecretBox(home.secretKey);
  let tellLost: (fault: Fault) => void = () => {};
  const lost = new Promise<Fault>((resolve) => {
    tellLost = resolve;
  });
  const path = join(home.path, 'stormtail.db');
  const seal = sealOf(box);
  const clock = systemClock;
  const metrics = createMetrics();
  const watch = commitWatch(metrics, clock);
  const store = stack.use(await openSqliteStore({ path, workerUrl: files.storeWorker, seal, onLost: tellLost, watch }));
  await requireSameKey(store, box, home.path);
  const bus = stack.use(countedBus(new LocalBus(log), (subject) => metrics.busMessages.of(subject).add()));
  // Port 0 means any: the address is known for certain only once the port is open.
  let listenerUrl = listenUrl(config.listen.host, config.listen.port);
  let starter: Starter | undefined;
  const context: Context = {
    get starter() {
      return starter; // built from this context
    },
    store,
    output: new OutputFiles(join(home.path, 'output'), clock, {
      seal: textSealOf(box),
      cap: outputCapOf(config.stormtail.output_bytes_max, log),
    }),
    bus,
    clock,
    log,
    metrics,
    newId: objectIds(() => clock.nowUs()),
    settings: settingsOf(config, home, files, () => listenerUrl),
  };
  const { actionRunner, storageGuard, services } = buildServices(context, config, files, stack);
  starter = actionRunner;
  const hub = new OutputHub(context);
  const journal = stack.use(journalOf(context));
  const startedUs = clock.nowUs();
  const api = stack.use(
    createApiServer({
      context,
      routes: [
        ...executionRoutes(context),
        ...outputRoutes(context, hub),
        ...streamRoutes(context, hub, journal, config.stream.heartbeat * 1000),
        ...contentRoutes(context),
        ...accessRoutes(context),
        ...watchRoutes(context, { actionRunner, storageGuard, hub, journal, version }, config),
        ...statusRoutes(context, {
          version,
          startedUs,
          readers: () => hub.readers,
          services: () =>
            services.map((service) => ({ name: service.name, since: formatTimestamp(startedUs), state: 'running' })),
        }),
      ],
      config: {
        allowOrigins: config.api.allow_origin,
        cookieSecure: config.api.auth_cookie_secure,
        cookieSameSite: config.api.auth_cookie_same_site,
        webRoot: files.web,
        version,
      },
    }),
  );
  // So that a pack can be dropped in: the directory is part of the home.
  for (const path of config.content.packs_base_paths)
    if (path.startsWith(home.path)) mkdirSync(path, { recursive: true, mode: 0o755 });
  const { errors } = await registerPacks(context, { failOnFailure: false });
  const first = await ensureFirstUser(context);
  // The ports last: whoever can connect finds everything working.
  const listener = await api.listen(config.listen, 'all');
  listenerUrl = listener.url;
  const portProblems = config.compatPorts ? await openCompatPorts(api, config) : [];
  await ensureCliCredentials(context, { url: listener.url });
  for (const service of services) await service.start();
  const kept = stack.move();
  return {
    url: listener.url,
    user: first.user,
    ...(first.password !== undefined && { password: first.password }),
    packProblems: errors.map((error) => error.text),
    portProblems,
    drain: async (graceMs) => {
      await Promise.all(services.map((service) => service.drain(graceMs)));
    },
    lost,
    get active() {
      return actionRunner.active;
    },
    [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose](),
  };
}

function buildServices(
  context: Context,
  config: Config,
  files: InstalledFiles,
  stack: Disposals,
): { actionRunner: ActionRunner; storageGuard: StorageGuard; services: readonly Service[] } {
  const guard = { report: () => {}, look: () => {} };
  const actionRunner = stack.use(
    new ActionRunner(context, {
      slots: config.actionrunner.actions_pool_size,
      runners: new Map([
        ...localRunners({
          systemUser: config.system_user.user,
          environment: process.env,
          cwd: process.cwd(),
          sdkPath: files.pythonSdk,
          pythonBinary: config.actionrunner.python_binary,
          virtualenvsPath: join(config.system.base_path, 'virtualenvs'),
          logLevel: config.actionrunner.python_runner_log_level,
          limits: {
            fileBytesMax: config.actionrunner.limit_file_bytes,
            processesMax: config.actionrunner.limit_processes,
            cpuSecondsMax: config.actionrunner.limit_cpu_seconds,
            memoryBytesMax: config.actionrunner.limit_memory_bytes,
            openFilesMax: config.actionrunner.limit_open_files,
          },
        }),
        ...buildRemoteRunners(config, context, stack),
      ]),
      processes: stack.use(localProcesses(context.clock, context.log, config.actionrunner.actions_pool_size)),
      killGraceMs: config.stormtail.action_kill_grace_ms,
      resultBytesMax: config.stormtail.result_bytes_max,
      streamOutput: config.actionrunner.stream_output,
      onStorageFull: () => guard.report(),
      lookAtStorage: () => guard.look(),
    }),
  );
  const storageGuard = stack.use(new StorageGuard(context, () => actionRunner.runs));
  guard.report = () => storageGuard.report();
  guard.look = () => storageGuard.look();
  const collector = stack.use(
    new GarbageCollector(context, {
      intervalS: config.garbagecollector.collection_interval,
      outputTtlDays: config.garbagecollector.action_executions_output_ttl ?? 0,
      executionTtlDays: config.garbagecollector.action_executions_ttl ?? 0,
    }),
  );
  return { actionRunner, storageGuard, services: [actionRunner, storageGuard, collector] };
}

function settingsOf(
  config: Config,
  home: { path: string; serviceTokenKey: Buffer },
  files: InstalledFiles,
  url: () => string,
): Context['settings'] {
  const { api_url: apiUrl } = config.auth;
  const webUrl = config.webui.webui_base_url;
  return {
    get apiUrl() {
      return apiUrl === null ? `${url()}/api/v1` : `${apiUrl.replace(/\/$/, '')}/v1`;
    },
    get webUrl() {
      return webUrl ?? url();
    },
    hostname: hostname(),
    home: home.path,
    packPaths: [files.packs, ...config.content.packs_base_paths],
    authEnabled: config.auth.enable,
    systemUser: config.system_user.user,
    htpasswdPath: config.auth.htpasswd_path,
    tokenTtlS: config.auth.token_ttl,
    serviceTokenTtlS: config.auth.service_token_ttl,
    maskSecrets: config.api.mask_secrets && config.log.mask_secrets,
    maxPageSize: config.api.max_page_size,
    queueMax: config.stormtail.queue_max,
    serviceTokenKey: home.serviceTokenKey,
  };
}

/** A wrong key is found at the start, before anything is claimed that could then not be read. */
async function requireSameKey(store: Store, box: SecretBox, home: string): Promise<void> {
  const probe = await store.access.readSetting(keyProbe);
  if (probe === undefined) {
    await store.access.writeSetting(keyProbe, JSON.stringify(box.seal(keyProbe)));
    return;
  }
  try {
    box.open(JSON.parse(probe));
  } catch (error) {
    const advice = `restore ${join(home, 'secret.key')} from a backup of the same time as stormtail.db`;
    throw new Fault('home_unusable', `the secrets in the database were sealed with another key; ${advice}`, {
      cause: error,
    });
  }
}

const keyProbe = 'secret key probe';

function sealOf(box: SecretBox): ParameterSeal {
  return {
    seal: (schemas, parameters) => mapSecrets(schemas, parameters, (value) => box.seal(value)),
    open: (schemas, parameters) => mapSecrets(schemas, parameters, (value) => box.open(value)),
  };
}

function outputCapOf(bytesMax: number, log: Log): OutputCap {
  return {
    bytesMax,
    punchHole,
    refused: (error) =>
      log.warn(
        { error: messageOf(error) },
        'this system cannot cut the middle out of long output: all of it is kept, beyond [stormtail] output_bytes_max',
      ),
  };
}

function textSealOf(box: SecretBox): TextSeal {
  return {
    seal: (text) => box.seal(text).$sealed,
    open: (sealed) => String(box.open({ $sealed: sealed })),
  };
}

function journalOf(context: Context): EventJournal {
  const { bus, clock, settings, store } = context;
  return new EventJournal({
    bus,
    clock,
    view: {
      get webUrl() {
        return settings.webUrl; // known for certain only once the port is open
      },
      showSecrets: !settings.maskSecrets,
    },
    find: (id, result) => store.executions.find(id, result),
  });
}

/** The ports StackStorm's clients expect. Taken ones are reported, not fatal: everything is on the main port too. */
async function openCompatPorts(api: ApiServer, config: Config): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const [service, address] of [
    ['auth', config.auth],
    ['stream', config.stream],
  ] as const) {
    try {
      await api.listen({ host: address.host, port: address.port }, service);
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
    }
  }
  return problems;
}
