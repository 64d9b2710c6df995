/** Everything around the pages: theme, server state, session, routes. Each page is loaded when it is first opened. */
import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';
import { HashRouter, Navigate, Route, Routes } from 'react-router';
import { RequestFailed } from './server/request.ts';
import { currentSession, onSessionChange, type Session } from './session/session.ts';
import { SessionGate } from './session/session-gate.tsx';
import { PageBoundary } from './shell/page-boundary.tsx';
import { PageNotFound } from './shell/page-not-found.tsx';
import { Shell } from './shell/shell.tsx';
import { colorSchemeManager, cssVariables, theme } from './shell/theme.ts';

const HistoryPage = lazy(() => import('./history/history-page.tsx'));
const ExecutionPage = lazy(() => import('./execution/execution-page.tsx'));
const ActionsPage = lazy(() => import('./actions/actions-page.tsx'));
const RunPage = lazy(() => import('./actions/run-page.tsx'));

const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      // What the server refused it will refuse again; what did not arrive may arrive.
      retry: (failures, error) =>
        failures < 3 && !(error instanceof RequestFailed && error.status >= 400 && error.status < 500),
      staleTime: 2000,
    },
  },
});

// Nobody sees what another user was shown. Here rather than in a component: it must be done before anything draws again.
let user = userOf(currentSession());
onSessionChange(() => {
  const next = userOf(currentSession());
  if (next !== user) queryClient.clear();
  user = next;
});

function userOf(session: Session): string | undefined {
  return session.kind === 'none' ? undefined : session.user;
}

export function App() {
  return (
    <MantineProvider
      theme={theme}
      defaultColorScheme="auto"
      colorSchemeManager={colorSchemeManager}
      cssVariablesResolver={cssVariables}
    >
      <QueryClientProvider client={queryClient}>
        <HashRouter>
          <SessionGate onReturn={() => void queryClient.invalidateQueries()}>
            <Shell>
              <PageBoundary>
                <Suspense fallback={null}>
                  <Routes>
                    <Route path="/" element={<Navigate to="/history" replace />} />
                    <Route path="/history" element={<HistoryPage />} />
                    <Route path="/history/:id/*" element={<ExecutionPage />} />
                    <Route path="/actions" element={<ActionsPage />} />
                    <Route path="/actions/:ref/*" element={<RunPage />} />
                    <Route path="*" element={<PageNotFound />} />
                  </Routes>
                </Suspense>
              </PageBoundary>
            </Shell>
          </SessionGate>
        </HashRouter>
      </QueryClientProvider>
    </MantineProvider>
  );
}
