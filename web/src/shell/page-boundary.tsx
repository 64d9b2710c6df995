/** Catches a page that fails to load or to draw, and says so, instead of leaving an empty window. Gone with the next address. */
import { Button } from '@mantine/core';
import { Component, type ReactNode } from 'react';
import { useLocation } from 'react-router';
import { ErrorNotice, messageOf } from '../show/notice.tsx';

export function PageBoundary({ children }: { readonly children: ReactNode }) {
  const { pathname } = useLocation();
  return <Boundary key={pathname}>{children}</Boundary>;
}

interface BoundaryState {
  readonly error: unknown;
}

class Boundary extends Component<{ readonly children: ReactNode }, BoundaryState> {
  override state: BoundaryState = { error: undefined };

  static getDerivedStateFromError(error: unknown): BoundaryState {
    return { error };
  }

  override render(): ReactNode {
    if (this.state.error === undefined) return this.props.children;
    return (
      <div className="page">
        <ErrorNotice title="This page stopped working">
          {messageOf(this.state.error)}
          <p>If the server was updated meanwhile, loading again brings the new version.</p>
          <Button size="compact-sm" onClick={() => location.reload()}>
            Load again
          </Button>
        </ErrorNotice>
      </div>
    );
  }
}
