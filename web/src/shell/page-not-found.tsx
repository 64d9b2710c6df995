/** An address that leads nowhere. */
import { Link } from 'react-router';
import { EmptyNotice } from '../show/notice.tsx';

export function PageNotFound() {
  return (
    <div className="page">
      <EmptyNotice>
        There is no such page. Go to the <Link to="/history">history</Link> or the <Link to="/actions">actions</Link>.
      </EmptyNotice>
    </div>
  );
}
