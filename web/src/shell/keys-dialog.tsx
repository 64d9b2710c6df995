/** The keys, shown with `?`. */
import { Kbd, Modal } from '@mantine/core';
import { Fragment } from 'react';
import classes from './keys-dialog.module.css';

const groups = [
  {
    name: 'Everywhere',
    keys: [
      ['g h', 'history'],
      ['g a', 'actions'],
      ['/', 'search on this page'],
      ['j k', 'next and previous row of a list'],
      ['Enter', 'open the row, run the form'],
      ['?', 'these keys'],
    ],
  },
  {
    name: 'Output',
    keys: [
      ['End', 'to the end, and follow'],
      ['Home', 'to the first line'],
      ['f', 'follow or stop following'],
      ['w', 'wrap long lines'],
      ['t', 'show times'],
      ['Enter', 'next match, with Shift the previous one'],
    ],
  },
] as const;

export function KeysDialog({ isOpen, onClose }: { readonly isOpen: boolean; readonly onClose: () => void }) {
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      title="Keyboard shortcuts"
      size="sm"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {groups.map((group) => (
        <section key={group.name} className={classes.group}>
          <h2>{group.name}</h2>
          <dl className={classes.keys}>
            {group.keys.map(([key, meaning]) => (
              <div key={key} className={classes.row}>
                <dt>
                  {key.split(' ').map((part) => (
                    <Fragment key={part}>
                      <Kbd>{part}</Kbd>{' '}
                    </Fragment>
                  ))}
                </dt>
                <dd>{meaning}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </Modal>
  );
}
